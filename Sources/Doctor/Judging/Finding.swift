/// One thing that the doctor has to say.
public struct Finding: Sendable, Equatable {
    /// How bad it is.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        /// As it should be.
        case ok
        /// Worth knowing; nothing has to be done.
        case note
        /// Some clients, or some requests, will have trouble.
        case warning
        /// It does not work, or a key is in danger.
        case problem

        /// Tells whether the left level is the less bad one.
        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .note: 1
            case .warning: 2
            case .problem: 3
            }
        }
    }

    /// What was looked at; findings are told in this order.
    public enum Check: String, Sendable, CaseIterable {
        case reach, tls, certificate, clear
        case relay, mount, health, http
        case requestID = "request-id"
        case authorization, address, key
        case preflight, cors, errors
        case body, stream, compression
        case silence, wait
    }

    /// How bad it is.
    public let level: Level
    /// What was looked at.
    public let check: Check
    /// What was seen, in whole sentences.
    public let message: String
    /// What to do; nil where nothing has to be done.
    public let advice: String?

    /// Makes a finding.
    init(_ level: Level, _ check: Check, _ message: String, do advice: String? = nil) {
        self.level = level
        self.check = check
        self.message = message
        self.advice = advice
    }
}
