/// Ends an answer at the first stop sequence, for upstreams that cannot.
///
/// Text comes in pieces of any size. Only what could be the beginning of a stop sequence is held back; everything else
/// passes at once. Each byte is looked at once per sequence (Knuth, Morris and Pratt), whatever the sequences are.
public struct StopSequenceCutter: Sendable {
    private var matchers: [Matcher]
    /// The bytes held back: the longest end of the text that begins a sequence.
    private var pending: [UInt8] = []
    private var found: String?

    /// A cutter for some sequences; empty ones are left out.
    public init(_ sequences: [String]) {
        matchers = sequences.filter { !$0.isEmpty }.map(Matcher.init)
    }

    /// False when there is nothing to look for and the cutter can be left aside.
    public var isActive: Bool { !matchers.isEmpty }

    /// What a piece of text gives.
    public struct Output: Sendable, Equatable {
        /// The text that may go out now; may be empty.
        public var text: String
        /// The sequence that ended the answer; nil while it goes on.
        public var stop: String?
    }

    /// Takes the next piece.
    ///
    /// Of sequences that are complete at the same byte the longest counts. After the first one everything is swallowed.
    public mutating func feed(_ text: String) -> Output {
        guard found == nil else { return Output(text: "", stop: found) }
        let before = pending.count
        var position = before
        for byte in text.utf8 {
            position += 1
            var longest: Matcher?
            for index in matchers.indices {
                guard matchers[index].takes(byte) else { continue }
                if matchers[index].count > longest?.count ?? 0 { longest = matchers[index] }
            }
            if let longest {
                found = longest.sequence
                let bytes = pending + text.utf8.prefix(position - before)
                pending = []
                let kept = bytes.dropLast(longest.count)
                return Output(text: String(decoding: kept, as: UTF8.self), stop: longest.sequence)
            }
        }
        let held = matchers.reduce(0) { max($0, $1.matched) }
        if before == 0, held == 0 { return Output(text: text) }
        let bytes = pending + text.utf8
        pending = Array(bytes.suffix(held))
        return Output(text: String(decoding: bytes.dropLast(held), as: UTF8.self))
    }

    /// What was held back when the answer ended by itself.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// Follows one sequence through the text.
    private struct Matcher: Sendable {
        let sequence: String
        private let bytes: [UInt8]
        /// For each length, the longest shorter beginning of the sequence that is also its end there.
        private let fallbacks: [Int]
        /// How many bytes at the end of the text are a beginning of the sequence.
        private(set) var matched = 0

        init(_ sequence: String) {
            self.sequence = sequence
            let bytes = Array(sequence.utf8)
            var fallbacks = [0]
            for index in 1..<max(bytes.count, 1) {
                var length = fallbacks[index - 1]
                while length > 0, bytes[length] != bytes[index] { length = fallbacks[length - 1] }
                fallbacks.append(bytes[length] == bytes[index] ? length + 1 : 0)
            }
            self.bytes = bytes
            self.fallbacks = fallbacks
        }

        var count: Int { bytes.count }

        /// Takes one byte; true when the sequence is complete with it.
        mutating func takes(_ byte: UInt8) -> Bool {
            while matched > 0, bytes[matched] != byte { matched = fallbacks[matched - 1] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }
}
