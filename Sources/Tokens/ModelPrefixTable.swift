/// Values for families of models, found by how the model's name begins.
///
/// Vendors put things in front (`us.anthropic.claude-…`, `meta/llama-…`, `ft:gpt-4o:…`), so a prefix may stand at the
/// start of the name and after each `/`, `:` and `.` of it; the first place where any row fits counts, and of the rows the
/// first that fits. Upper case does not matter.
public struct ModelPrefixTable<Value: Sendable>: Sendable {
    private let rows: [(prefix: [UInt8], value: Value)]

    /// Makes a table; a longer prefix stands before the shorter one that it begins with.
    public init(_ rows: [(String, Value)]) {
        self.rows = rows.map { (Array($0.0.utf8), $0.1) }
    }

    /// The value of the family that a model belongs to; nil when it belongs to none.
    public func value(for model: String) -> Value? {
        let name = model.utf8.map { byte in (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        var start = 0
        while start < name.count {
            if let row = rows.first(where: { Self.fits($0.prefix, name[start...]) }) { return row.value }
            guard let mark = name[start...].firstIndex(where: Self.isSeparator) else { return nil }
            start = mark + 1
        }
        return nil
    }

    /// True when the name begins with the prefix, and the prefix does not end within a word or a number:
    /// `o1` is not the family of `o100`, `gpt-4` not that of `gpt-4o`; but `qwen` is that of `qwen3`.
    private static func fits(_ prefix: [UInt8], _ name: ArraySlice<UInt8>) -> Bool {
        // Most rows are told by their first letter.
        guard let last = prefix.last, name.first == prefix.first, name.starts(with: prefix)
        else { return false }
        guard let next = name.dropFirst(prefix.count).first else { return true }
        return !isLetter(next) && !(isDigit(last) && isDigit(next))
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
