/// A moment as RFC 3339 has it, in UTC with milliseconds.
enum Timestamp {
    /// Such as `2026-11-21T09:05:01.250Z`.
    ///
    /// - Parameter seconds: since 1970, not negative.
    static func text(seconds: Int, nanoseconds: Int) -> String {
        let (year, month, day) = date(daysSince1970: seconds / 86_400)
        let time = seconds % 86_400
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        append(year, digits: 4, then: "-", to: &bytes)
        append(month, digits: 2, then: "-", to: &bytes)
        append(day, digits: 2, then: "T", to: &bytes)
        append(time / 3600, digits: 2, then: ":", to: &bytes)
        append(time / 60 % 60, digits: 2, then: ":", to: &bytes)
        append(time % 60, digits: 2, then: ".", to: &bytes)
        append(nanoseconds / 1_000_000, digits: 3, then: "Z", to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(
        _ number: Int, digits: Int, then separator: Unicode.Scalar, to bytes: inout [UInt8]
    ) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: separator))
    }

    /// The Gregorian date of a day, by counting years from 1 March 0000 in eras of 400 years, so that the leap day
    /// is the last of its year.
    static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}
