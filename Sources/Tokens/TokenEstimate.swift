/// A crude count of the tokens of a text, made from its bytes alone.
///
/// It stands in for the exact count where an upstream says nothing. Every byte adds a fixed weight that depends on what
/// it can be the start of, so a text may come in pieces that end anywhere, even inside a character:
///
/// | bytes | what they start | tokens each |
/// |---|---|---|
/// | `a`-`z`, `A`-`Z`, space, tab | words | 0.21 |
/// | `0`-`9` | numbers, in groups of up to three | 0.38 |
/// | other ASCII | punctuation, line ends | 0.55 |
/// | C2-DF | accented Latin, Greek, Cyrillic, Hebrew, Arabic | 0.42 |
/// | E0, E1 | Indic scripts, Thai, Georgian | 0.70 |
/// | E2 | typographic signs, arrows | 0.90 |
/// | E3-E9 | Japanese syllables, Han | 0.80 |
/// | EA-EF | Hangul, full-width forms | 0.80 |
/// | F0-F4 | emoji, rare Han | 2.20 |
/// | 80-BF | the rest of a character | 0 |
///
/// The weights suit the vocabularies of 100,000 to 200,000 tokens in use today. Expect the right order of magnitude:
/// within a quarter for prose, worse for code and tables.
public struct TokenEstimate: Sendable, Equatable {
    /// Hundredths of a token.
    private var hundredths = 0

    /// Nothing counted yet.
    public init() {}

    /// The tokens counted so far, rounded up.
    public var tokens: Int { (hundredths + 99) / 100 }

    /// Counts a further piece of the text.
    public mutating func add(_ text: String) {
        for byte in text.utf8 { hundredths += Self.weight(of: byte) }
    }

    /// Counts a further piece of the text given as UTF-8, which may begin or end inside a character.
    public mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { hundredths += Self.weight(of: bytes[index]) }
    }

    /// The tokens of a whole text.
    public static func tokens(in text: String) -> Int {
        var estimate = TokenEstimate()
        estimate.add(text)
        return estimate.tokens
    }

    /// The weight of one byte in hundredths of a token; the table above.
    private static func weight(of byte: UInt8) -> Int {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x20, 0x09: 21
        case 0x30...0x39: 38
        case 0x00...0x7F: 55
        case 0x80...0xBF: 0
        case 0xC0...0xDF: 42
        case 0xE0...0xE1: 70
        case 0xE2: 90
        case 0xE3...0xEF: 80
        default: 220
        }
    }
}
