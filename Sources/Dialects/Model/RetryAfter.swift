public import Wire

/// Reads how long an upstream wants to be left alone.
public enum RetryAfter {
    /// The longest time that is believed, in seconds: a day.
    public static let maximumSeconds = 86_400

    /// The seconds that `Retry-After` asks for, or nil.
    ///
    /// A date is compared with the message's own `Date`, so no clock is needed and a wrong one does not matter.
    /// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    public static func seconds(_ headers: HeaderFields) -> Int? {
        guard let value = headers["retry-after"]?.trimmed else { return nil }
        // `Double` alone would also read "inf" and hexadecimal digits.
        if value.utf8.allSatisfy({ $0.isASCIIDigit || $0 == UInt8(ascii: ".") }), let seconds = Double(value)
        {
            guard seconds < Double(maximumSeconds) else { return maximumSeconds }
            // Rounded up by hand: `rounded(_:)` may need the C library's mathematics, which this module does not link.
            let whole = Int(seconds)
            return Double(whole) < seconds ? whole + 1 : whole
        }
        guard let then = CivilTime.seconds(httpDate: value),
            let now = headers["date"].flatMap({ CivilTime.seconds(httpDate: $0.trimmed) })
        else { return nil }
        return min(max(0, then - now), maximumSeconds)
    }
}

extension String {
    /// The text without blanks at its ends.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
