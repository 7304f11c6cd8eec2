/// Writes a complete answer as one client dialect has it.
public protocol ResultEncoder: Sendable {
    /// The body for the choices in order; `usage` is that of all of them together, nil where nobody counted.
    func encode(_ choices: [GenerationResult], usage: Usage?) -> [UInt8]
}

/// Writes the events of an answer as one client dialect streams them.
///
/// What is written for an event is complete: an event stream's comment may follow anywhere.
public protocol StreamEncoder: Sendable {
    /// Appends what an event of one choice becomes; `choice` counts from 0.
    ///
    /// `usage` may come any number of times, the last one of a choice just before its end. A failure becomes the
    /// dialect's own error event, after which nothing more is written.
    mutating func encode(_ event: GenerationEvent, choice: Int, into bytes: inout [UInt8])

    /// Appends what ends the stream after the last choice's end; nothing after a failure.
    mutating func finish(into bytes: inout [UInt8])

    /// The complete answer as one object, after the last choice's end; nil in dialects that have no such thing.
    var whole: [UInt8]? { get }

    /// Appends a sign of life for a client that has waited long.
    func writeHeartbeat(into bytes: inout [UInt8])
}

extension StreamEncoder {
    /// There is none.
    public var whole: [UInt8]? { nil }

    /// Appends a comment.
    public func writeHeartbeat(into bytes: inout [UInt8]) { bytes += EventStreamComment.heartbeat }
}

/// Lines of an event stream that every reader skips.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes
public enum EventStreamComment {
    /// Keeps a silent connection open; allowed between events only.
    public static let heartbeat = Array(": waiting\n\n".utf8)
}
