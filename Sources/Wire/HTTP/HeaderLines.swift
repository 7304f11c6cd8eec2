/// The header fields of an answer, as the lines that they are sent as.
///
/// They are written one after the other into one block of memory: an answer has a dozen of them, and nobody looks one up.
public struct HeaderLines: Sendable, Equatable {
    /// `name: value` CR LF for each field, without the empty line at the end.
    public private(set) var bytes: [UInt8] = []

    /// Room that is made with the first field. More of it would not be served from what a thread of glibc keeps at hand:
    /// `MAX_TCACHE_SIZE` in its malloc.c.
    private static let usualCount = 960
    /// What a line has besides its name and its value.
    private static let besides = 4

    /// No fields.
    public init() {}

    /// Appends a field.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - value: control characters in it become spaces, so that it cannot end its line:
    ///     https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    public mutating func add(_ name: StaticString, _ value: String) {
        let value = value.utf8.span
        add(room: name.utf8CodeUnitCount &+ value.count &+ Self.besides) { room in
            room.append(literal: name)
            room.append(literal: ": ")
            guard ByteSearch.hasControl(in: value) else {
                unsafe value.withUnsafeBufferPointer { unsafe room.append(copying: $0) }
                return room.append(literal: "\r\n")
            }
            for index in value.indices {
                let byte = value[index]
                let isControl = byte < ASCII.space && byte != ASCII.tab || byte == ASCII.delete
                room.append(isControl ? ASCII.space : byte)
            }
            room.append(literal: "\r\n")
        }
    }

    /// Appends a field whose value is a number.
    public mutating func add(_ name: StaticString, _ value: Int) {
        add(room: name.utf8CodeUnitCount &+ OutputSpan<UInt8>.mostDigits &+ Self.besides) { room in
            room.append(literal: name)
            room.append(literal: ": ")
            room.appendDigits(of: value)
            room.append(literal: "\r\n")
        }
    }

    /// Appends other fields.
    public mutating func add(_ others: HeaderLines) {
        bytes.append(contentsOf: others.bytes)
    }

    /// Appends fields that are written out, each with the end of its line.
    ///
    /// - Parameter room: how many bytes they have at most.
    public mutating func add(room: Int, _ write: (inout OutputSpan<UInt8>) -> Void) {
        if bytes.isEmpty { bytes.reserveCapacity(Self.usualCount) }
        bytes.append(addingCapacity: room, initializingWith: write)
    }
}
