/// Writes compact JSON and puts the commas where they belong.
///
/// What it writes is determined by the calls alone, so the same calls give the same bytes. `/`, U+2028 and whatever is
/// beyond ASCII are written as they are. When a value at the top level is complete, the next one starts without a
/// comma, and the owner may append other bytes, such as the frame of an event, between the two.
public struct JSONWriter: Sendable {
    /// What was written.
    public var bytes: [UInt8]
    private var depth = 0
    private var needsComma = false

    /// An empty writer with room for so many bytes; it grows when they do not suffice.
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// A writer that goes on after these bytes.
    public init(appendingTo bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    /// Lets the closure append JSON to the bytes, without copying them.
    public static func append<Failure: Error>(
        to bytes: inout [UInt8], _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        var writer = JSONWriter(appendingTo: taken)
        taken = []  // The writer is the only owner now.
        defer { swap(&writer.bytes, &bytes) }
        try body(&writer)
    }

    /// Opens an object.
    public mutating func beginObject() { begin(ASCII.leftBrace) }

    /// Closes the object.
    public mutating func endObject() { end(ASCII.rightBrace) }

    /// Opens an array.
    public mutating func beginArray() { begin(ASCII.leftBracket) }

    /// Closes the array.
    public mutating func endArray() { end(ASCII.rightBracket) }

    /// Writes a member's key that the source has as a literal, in which nothing needs an escape; its value comes next.
    public mutating func key(_ name: StaticString) {
        assert(Self.isPlain(name), "a key that needs an escape")
        bytes.append(addingCapacity: name.utf8CodeUnitCount &+ 4) { room in
            if needsComma { room.append(ASCII.comma) }
            room.append(ASCII.quote)
            room.append(literal: name)
            room.append(literal: "\":")
        }
        needsComma = false
    }

    /// Writes a member's key, whatever it is; its value comes next.
    public mutating func key(named name: String) {
        separate()
        appendQuoted(name)
        bytes.append(ASCII.colon)
        needsComma = false
    }

    /// Writes a string.
    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
        endValue()
    }

    /// Writes a whole number.
    public mutating func int(_ value: Int) {
        separate()
        bytes.appendDigits(of: value)
        endValue()
    }

    /// Writes a number of thousandths, with three digits after the point.
    public mutating func thousandths(_ value: Int) {
        separate()
        if value < 0 { bytes.append(ASCII.minus) }
        let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: 1000)
        bytes.appendDigits(of: whole)
        bytes.append(ASCII.dot)
        for divisor: UInt in [100, 10, 1] { bytes.append(ASCII.zero + UInt8(rest / divisor % 10)) }
        endValue()
    }

    /// Writes a number, the shortest text that reads back the same; infinite or not a number is written as `null`.
    public mutating func double(_ value: Double) {
        separate()
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        endValue()
    }

    /// Writes a number as it was written.
    public mutating func number(_ value: JSONNumber) {
        separate()
        bytes.append(contentsOf: value.text.utf8)
        endValue()
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(literal: value ? "true" : "false")
        endValue()
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(literal: "null")
        endValue()
    }

    /// Writes bytes that are one JSON value already; they are not looked at.
    public mutating func raw(_ value: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
        endValue()
    }

    /// Writes bytes that are one JSON value already, such as a range that a scanner found; they are not looked at.
    public mutating func raw(_ value: Span<UInt8>) {
        separate()
        unsafe value.withUnsafeBufferPointer { unsafe bytes.append(copying: $0) }
        endValue()
    }

    /// Writes a value with its key order and number text.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let value): number(value)
        case .string(let value): string(value)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(named: member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        assert(depth > 0, "nothing is open")
        bytes.append(bracket)
        depth -= 1
        endValue()
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(ASCII.comma) }
    }

    @inline(__always)
    private mutating func endValue() {
        needsComma = depth > 0
    }
}
