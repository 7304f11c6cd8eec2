/// A number as it was written: the text is kept, so nothing is lost of 1e400, 0.10 or a 30-digit id.
///
/// Two numbers are equal when their texts are: `1` and `1.0` are not.
public struct JSONNumber: Sendable, Equatable {
    /// The number in JSON's notation.
    public let text: String

    /// A whole number.
    public init(_ value: Int) {
        text = String(value)
    }

    /// A floating-point number; nil when it is infinite or not a number, which JSON cannot say.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// A number written in JSON's notation; nil when it is not.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        var lexer = JSONLexer()
        guard let first = bytes.first, first == ASCII.minus || ASCII.isDigit(first),
            (try? lexer.skipNumber(bytes.span)) != nil, lexer.position == bytes.count
        else { return nil }  // The error would say no more than nil does.
        self.text = text
    }

    /// Text that was already checked.
    init(checkedText: String) {
        text = checkedText
    }

    /// The value when it is whole and fits, else nil; `1.0` and `1e3` are whole, as JSON Schema has it.
    public var intValue: Int? {
        if let value = Int(text) { return value }
        guard let value = doubleValue, abs(value) <= Self.maximumExactDouble else { return nil }
        // `Int(exactly:)` would need libm, which nothing else here links.
        let whole = Int(value)
        return Double(whole) == value ? whole : nil
    }

    /// The nearest floating-point number, or nil when the number is beyond its range.
    public var doubleValue: Double? {
        // Whole numbers are the rule, and much faster to read. Zero may be a negative one.
        if let whole = Int(text), whole != 0, whole.magnitude <= UInt(Self.maximumExactDouble) {
            return Double(whole)
        }
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Up to here every whole number has its own `Double`: https://www.rfc-editor.org/rfc/rfc8259#section-6
    private static let maximumExactDouble: Double = 9_007_199_254_740_991
}
