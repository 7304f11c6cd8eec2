/// The CGI variables of a request in the web server's order, about thirty: names and values as bytes, in one piece of
/// memory, since most of them are looked at and not kept.
public struct RequestParameters: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    /// Where a variable lies in `bytes`: its name from `start`, its value from behind an equals sign to `end`.
    private struct Entry {
        var start: Int
        var equals: Int
        var end: Int
    }

    /// None yet; `lines` and `count` make room for so many, and for so many bytes altogether.
    init(roomFor lines: Int, bytes count: Int) {
        entries.reserveCapacity(lines)
        bytes.reserveCapacity(count)
    }

    /// Adds `NAME=value`. A line without an equals sign is none.
    mutating func add(_ line: UnsafeRawBufferPointer) {
        guard let equals = unsafe line.firstIndex(of: UInt8(ascii: "=")) else { return }
        let start = bytes.count
        unsafe bytes.append(contentsOf: line)
        entries.append(Entry(start: start, equals: start + equals, end: bytes.count))
    }

    /// How many there are.
    public var count: Int { entries.count }

    /// Shows each variable: its name, such as `REQUEST_METHOD` or `HTTP_AUTHORIZATION`, and its value as sent.
    public func forEach(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        let bytes = bytes.span
        for entry in entries {
            body(bytes.extracting(entry.start..<entry.equals), bytes.extracting(entry.equals + 1..<entry.end))
        }
    }

    /// The value of the first variable of that name; bytes that are not UTF-8 are repaired.
    public subscript(name: String) -> String? {
        let entry = entries.first { bytes[$0.start..<$0.equals].elementsEqual(name.utf8) }
        return entry.map { String(decoding: bytes[($0.equals + 1)..<$0.end], as: UTF8.self) }
    }
}
