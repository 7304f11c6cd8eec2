/// Why an event stream cannot be read any further.
public struct EventStreamError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Code: Sendable {
        /// One event is larger than allowed.
        case eventTooLarge
    }

    /// What is wrong.
    public var code: Code
    /// The limit that was passed, in bytes.
    public var maximumEventBytes: Int
}

extension EventStreamError: CustomStringConvertible {
    /// A sentence that names the limit.
    public var description: String { "an event is larger than \(maximumEventBytes) bytes" }
}
