/// The formats that are checked: https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3
///
/// Others, such as `uri`, `ipv6`, `duration` and `regex`, are no constraint.
enum SchemaFormat: String, Sendable {
    case dateTime = "date-time"
    case date, time, email, uuid, ipv4, hostname

    /// Whether a text has the format.
    func fits(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        switch self {
        case .date: return Self.isDate(bytes[...])
        case .time: return Self.isTime(bytes[...])
        case .dateTime:
            guard bytes.count > 11, bytes[10] | 0x20 == UInt8(ascii: "t") else { return false }
            return Self.isDate(bytes[..<10]) && Self.isTime(bytes[11...])
        case .email:
            guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), at > 0 else { return false }
            let local = bytes[..<at]
            return !local.contains { $0 <= 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "@") }
                && Self.isHostname(bytes[(at + 1)...])
        case .uuid:
            return bytes.count == 36
                && bytes.indices.allSatisfy {
                    [8, 13, 18, 23].contains($0) ? bytes[$0] == UInt8(ascii: "-") : bytes[$0].isASCIIHexDigit
                }
        case .ipv4:
            let numbers = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return numbers.count == 4
                && numbers.allSatisfy { digits in
                    guard let number = Self.number(digits), digits.count <= 3 else { return false }
                    return number <= 255 && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
                }
        case .hostname: return Self.isHostname(bytes[...])
        }
    }

    /// The value of digits only.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 9, digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// `2026-01-31`: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], let year = number(parts[0]), let month = number(parts[1]),
            let day = number(parts[2]), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    /// `23:59:60.5+01:00`, as the same section has it.
    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard
            let zone = bytes.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "z") || $0 == 0x2B || $0 == 0x2D })
        else { return false }
        let seconds = bytes[..<zone].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let clock = seconds.first, seconds.count <= 2, isClock(clock, limits: [23, 59, 60]) else {
            return false
        }
        if seconds.count == 2, seconds[1].isEmpty || !seconds[1].allSatisfy(\.isASCIIDigit) { return false }
        let offset = bytes[zone...].dropFirst()
        return bytes[zone] | 0x20 == UInt8(ascii: "z") ? offset.isEmpty : isClock(offset, limits: [23, 59])
    }

    private static func isClock(_ bytes: ArraySlice<UInt8>, limits: [Int]) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.count == limits.count
            && zip(parts, limits).allSatisfy { part, limit in
                part.count == 2 && number(part).map { $0 <= limit } == true
            }
    }

    /// Labels of letters, digits and inner hyphens: https://www.rfc-editor.org/rfc/rfc1123#section-2.1
    private static func isHostname(_ bytes: ArraySlice<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return bytes.count <= 253
            && bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
                label in
                (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                    && label.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == hyphen }
            }
    }
}
