/// The plain names by which people call a model whose identifier carries more than its name.
///
/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0` is also `anthropic.claude…`-less, `-v1:0`-less and undated:
/// `claude-sonnet-4-5`. `openai/gpt-oss-20b` is also `gpt-oss-20b`. Each form loses one thing more than the one before.
struct ModelNameForms {
    /// The identifier and its forms, most complete first, in their own spelling, without repetition.
    private(set) var names: [String]
    /// How new the identifier says it is: `YYYYMMDD`, 0 without a date, the largest number for `-latest`.
    private(set) var date = 0
    /// The number of its `-v1:0`, with that of the colon in the last three digits; 0 without one.
    private(set) var version = 0
    /// The company that the identifier itself names, such as `anthropic` or `meta`; `nil` when it names none.
    private(set) var vendor: String?

    /// Bedrock's prefixes for inference profiles of several regions:
    /// https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
    private static let regions = ["us.", "eu.", "apac.", "jp.", "au.", "global."]

    /// Derives the forms of an identifier.
    init(_ id: String) {
        names = [id]
        var rest = id[...]
        if let region = Self.regions.first(where: { rest.hasPrefix($0) }) {
            let unregioned = rest.dropFirst(region.count)
            if let dot = unregioned.firstIndex(of: "."), unregioned[..<dot].allSatisfy(\.isLetter) {
                vendor = String(unregioned[..<dot])
                rest = unregioned[unregioned.index(after: dot)...]
                add(rest)
            }
        }
        if let slash = rest.lastIndex(of: "/") {
            vendor = String(rest[..<slash])
            rest = rest[rest.index(after: slash)...]
            add(rest)
        }
        cutRevision(&rest)
        cutDate(&rest)
    }

    /// Two spellings that differ in case or in `.` against `-` are the same name.
    static func folded(_ name: some StringProtocol) -> String {
        String(
            decoding: name.utf8.map { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
                case UInt8(ascii: "."): UInt8(ascii: "-")
                default: byte
                }
            }, as: UTF8.self)
    }

    private mutating func add(_ name: Substring) {
        if !name.isEmpty, names.last.map({ $0 != name }) ?? true { names.append(String(name)) }
    }

    /// Cuts `:0`, then `-v1`.
    private mutating func cutRevision(_ rest: inout Substring) {
        if let colon = rest.lastIndex(of: ":"),
            let number = Self.number(rest[rest.index(after: colon)...], digits: 1...3)
        {
            version = number
            rest = rest[..<colon]
            add(rest)
        }
        if let dash = rest.lastIndex(of: "-"), rest[dash...].hasPrefix("-v"),
            let number = Self.number(rest[dash...].dropFirst(2), digits: 1...3)
        {
            version += 1000 * number
            rest = rest[..<dash]
            add(rest)
        }
    }

    /// Cuts `-latest`, `-20250929`, `-2024-08-06`, `-08-2024` or `-2603` (a year and a month).
    private mutating func cutDate(_ rest: inout Substring) {
        let parts = rest.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last else { return }
        let numbers = parts.suffix(3).map { Self.number($0, digits: 1...8) ?? -1 }
        var length: Int?
        if last == "latest" {
            date = .max
            length = 1
        } else if let number = numbers.last, last.utf8.count == 8, Self.isDay(number) {
            date = number
            length = 1
        } else if parts.count > 3, Self.isDay(numbers[0] * 10000 + numbers[1] * 100 + numbers[2]) {
            date = numbers[0] * 10000 + numbers[1] * 100 + numbers[2]
            length = 3
        } else if parts.count > 2, let year = numbers.last, let month = numbers.dropLast().last,
            (2020...2099).contains(year), (1...12).contains(month)
        {
            date = year * 10000 + month * 100
            length = 2
        } else if let number = numbers.last, last.utf8.count == 4, (23...99).contains(number / 100),
            (1...12).contains(number % 100)
        {
            date = 20_000_000 + number * 100
            length = 1
        }
        guard let length else { return }
        rest = rest.dropLast(parts.suffix(length).reduce(0) { $0 + $1.count + 1 })
        add(rest)
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func isDay(_ number: Int) -> Bool {
        (2020...2099).contains(number / 10000) && (1...12).contains(number / 100 % 100)
            && (1...31).contains(number % 100)
    }
}
