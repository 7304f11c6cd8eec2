/// Durations as the configuration spells them: `500ms`, `10s`, `5m`, `2h`, `1d`.
enum DurationText {
    /// Units with their length in milliseconds, longest first.
    private static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads a whole number with a unit right behind it; `nil` when the text is anything else.
    static func parse(_ text: String) -> Duration? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let unit = text.utf8.dropFirst(digits.count)
        guard !digits.isEmpty, digits.count <= 12, let number = Int(Substring(digits)),
            let length = units.first(where: { $0.name.utf8.elementsEqual(unit) })?.milliseconds
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: length)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// Writes with the longest unit that leaves a whole number; what is below a millisecond is cut off.
    static func format(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        let unit = units.first { milliseconds.isMultiple(of: $0.milliseconds) } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}

extension Duration {
    /// The duration in milliseconds, cut off; saturates beyond 292 million years.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = Int(seconds).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(Int(attoseconds / 1_000_000_000_000_000))
        return carry ? (seconds < 0 ? .min : .max) : sum
    }
}
