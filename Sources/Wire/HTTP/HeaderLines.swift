/// The header fields of an answer, as the lines that they are sent as.
///
/// They are written one after the other into one block of memory: an answer has a dozen of them, and nobody looks one up.
public struct HeaderLines: Sendable, Equatable {
    /// `name: value` CR LF for each field, without the empty line at the end.
    public private(set) var bytes: [UInt8] = []

    /// Room that is made with the first field.
    private static let usualCount = 512

    /// No fields.
    public init() {}

    /// Appends a field.
    ///
    /// - Parameters:
    ///   - name: in lower case.
    ///   - value: control characters in it become spaces, so that it cannot end its line:
    ///     https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    public mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        append(value)
        end()
    }

    /// Appends a field whose value is a number.
    public mutating func add(_ name: StaticString, _ value: Int) {
        begin(name)
        append(value)
        end()
    }

    /// Appends other fields.
    public mutating func add(_ others: HeaderLines) {
        bytes.append(contentsOf: others.bytes)
    }

    /// Begins a field whose value is written in pieces; `end` ends it.
    public mutating func begin(_ name: StaticString) {
        if bytes.isEmpty { bytes.reserveCapacity(Self.usualCount) }
        bytes.append(literal: name)
        bytes.append(literal: ": ")
    }

    /// Appends a piece of a value that the source has as a literal.
    public mutating func append(literal text: StaticString) {
        bytes.append(literal: text)
    }

    /// Appends a piece of a value; see `add` for control characters.
    public mutating func append(_ text: String) {
        let span = text.utf8.span
        guard ByteSearch.hasControl(in: span) else {
            return unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        }
        for byte in text.utf8 {
            let isControl = byte < ASCII.space && byte != ASCII.tab || byte == ASCII.delete
            bytes.append(isControl ? ASCII.space : byte)
        }
    }

    /// Appends a number to a value.
    public mutating func append(_ number: Int) {
        bytes.appendDigits(of: number)
    }

    /// Ends the field that was begun.
    public mutating func end() {
        bytes.append(literal: "\r\n")
    }
}
