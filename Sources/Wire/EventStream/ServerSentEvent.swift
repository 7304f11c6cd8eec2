/// One event of an event stream, as slices of memory that somebody else owns.
///
/// Copying a slice out of the callback is allowed; it then keeps the memory behind it alive.
public struct ServerSentEvent: Sendable {
    /// The `data` lines joined by LF, undecoded.
    public let data: ArraySlice<UInt8>
    /// The value of the last `event` line, empty when there was none.
    public let nameBytes: ArraySlice<UInt8>
    /// The value of the last `id` line of the stream so far, empty when there was none.
    public let lastEventID: ArraySlice<UInt8>

    /// The name as a string; `message` when the event has none, as the standard wants it.
    public var name: String {
        nameBytes.isEmpty ? "message" : String(decoding: nameBytes, as: UTF8.self)
    }

    /// True when the event has this name; makes no string. An event without a name is a `message`.
    public func isNamed(_ name: StaticString) -> Bool {
        Self.isEqual(nameBytes, name) || nameBytes.isEmpty && Self.isEqual("message".utf8, name)
    }

    /// True when the data is this text, such as `[DONE]`; makes no string.
    public func hasData(_ text: StaticString) -> Bool {
        Self.isEqual(data, text)
    }

    private static func isEqual(_ bytes: some Collection<UInt8>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { unsafe bytes.elementsEqual($0) }
    }
}
