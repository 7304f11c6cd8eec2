/// Reads the two ways in which HTTP and JSON write a moment, and writes that of JSON.
public enum CivilTime {
    /// Seconds since 1970 of `Wed, 21 Oct 2015 07:28:00 GMT`, or nil.
    ///
    /// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7; the two obsolete forms are not read.
    static func seconds(httpDate text: String) -> Int? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: words[2]) else {
            return nil
        }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3 else { return nil }
        return seconds(year: words[3], month: month + 1, day: words[1], clock[0], clock[1], clock[2])
    }

    /// Seconds since 1970 of `2026-03-20T08:30:00.123Z`, or nil; fractions are dropped, other zones not read.
    static func seconds(iso8601 text: String) -> Int? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[1].last == "Z" else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        let clock = halves[1].dropLast().split(separator: ":", omittingEmptySubsequences: false)
        guard date.count == 3, clock.count == 3, let month = Int(date[1]) else { return nil }
        let wholeSecond = clock[2].prefix { $0 != "." }
        return seconds(year: date[0], month: month, day: date[2], clock[0], clock[1], wholeSecond)
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func seconds(
        year: Substring, month: Int, day: Substring, _ hour: Substring, _ minute: Substring,
        _ second: Substring
    ) -> Int? {
        guard let year = Int(year), let day = Int(day), let hour = Int(hour), let minute = Int(minute),
            let second = Int(second), (1970...9999).contains(year), (1...12).contains(month),
            (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        return ((days(year: year, month: month, day: day) * 24 + hour) * 60 + minute) * 60 + second
    }

    /// Days since 1970-01-01; years begin in March, so that the leap day is the last one of a year.
    ///
    /// http://howardhinnant.github.io/date_algorithms.html#days_from_civil
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    /// `2026-03-20T08:30:00Z` for seconds since 1970; times before count as 1970, those past 9999 as its last second.
    ///
    /// https://www.rfc-editor.org/rfc/rfc3339#section-5.6
    public static func iso8601(seconds: Int) -> String {
        let moment = min(max(0, seconds), 253_402_300_799)
        let (day, time) = moment.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, dayOfMonth) = date(day: day)
        // Digit by digit: it is on every answer that tells of limits.
        var text: [UInt8] = []
        text.reserveCapacity(20)
        appendTwoDigits(year / 100, to: &text)
        appendTwoDigits(year % 100, to: &text)
        text.append(UInt8(ascii: "-"))
        appendTwoDigits(month, to: &text)
        text.append(UInt8(ascii: "-"))
        appendTwoDigits(dayOfMonth, to: &text)
        text.append(UInt8(ascii: "T"))
        appendTwoDigits(time / 3600, to: &text)
        text.append(UInt8(ascii: ":"))
        appendTwoDigits(time / 60 % 60, to: &text)
        text.append(UInt8(ascii: ":"))
        appendTwoDigits(time % 60, to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    private static func appendTwoDigits(_ number: Int, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "0") + UInt8(number / 10))
        text.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// The date of a day since 1970-01-01, the other way round than ``days(year:month:day:)``.
    private static func date(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}
