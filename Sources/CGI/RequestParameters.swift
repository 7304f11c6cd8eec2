/// The CGI variables of a request in the web server's order, about thirty: names and values as bytes, in one piece of
/// memory, since most of them are looked at and not kept.
public struct RequestParameters: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    /// Where a variable lies in `bytes`: its name from `start`, its value from behind a separator to `end`.
    private struct Entry {
        var start: Int
        var separator: Int
        var end: Int
    }

    /// None yet; `lines` and `count` make room for so many, and for so many bytes altogether.
    public init(roomFor lines: Int, bytes count: Int) {
        entries.reserveCapacity(lines)
        bytes.reserveCapacity(count)
    }

    /// None yet of those that lie in `bytes`; `lines` makes room for so many.
    public init(in bytes: [UInt8], roomFor lines: Int) {
        self.bytes = bytes
        entries.reserveCapacity(lines)
    }

    /// Names a variable that lies in the bytes that the parameters were made with: its name, a byte, and its value.
    ///
    /// - Parameter nameCount: the length of the name in bytes; less than that of `range`.
    public mutating func add(_ range: Range<Int>, nameCount: Int) {
        entries.append(
            Entry(start: range.lowerBound, separator: range.lowerBound + nameCount, end: range.upperBound))
    }

    /// Adds a variable: its name, a byte that is neither's, and its value.
    ///
    /// - Parameter nameCount: the length of the name in bytes; less than that of `variable`.
    public mutating func add(_ variable: Span<UInt8>, nameCount: Int) {
        let start = bytes.count
        unsafe variable.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        entries.append(Entry(start: start, separator: start + nameCount, end: bytes.count))
    }

    /// How many there are.
    public var count: Int { entries.count }

    /// Shows each variable: its name, such as `REQUEST_METHOD` or `HTTP_AUTHORIZATION`, and its value as sent.
    public func forEach(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        let bytes = bytes.span
        for entry in entries {
            body(
                bytes.extracting(entry.start..<entry.separator),
                bytes.extracting(entry.separator + 1..<entry.end))
        }
    }

    /// The value of the first variable of that name; bytes that are not UTF-8 are repaired.
    public subscript(name: String) -> String? {
        let entry = entries.first { bytes[$0.start..<$0.separator].elementsEqual(name.utf8) }
        return entry.map { String(decoding: bytes[($0.separator + 1)..<$0.end], as: UTF8.self) }
    }
}
