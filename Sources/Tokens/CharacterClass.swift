/// What a code point is to the patterns that split a text into pieces; general categories of Unicode 16.
///
/// The numbers are those in the tables of `vocabulary.bin`; see Sources/CVocabulary/make-vocabulary.py.
struct CharacterClass: Equatable {
    let number: UInt8

    /// Neither space, letter, mark nor number: `[^\s\p{L}\p{M}\p{N}]`.
    static let other = CharacterClass(number: 0)
    /// `[\r\n]`.
    static let newline = CharacterClass(number: 1)
    /// `\s` without `[\r\n]`.
    static let space = CharacterClass(number: 2)
    /// `[\p{Lu}\p{Lt}]`.
    static let upper = CharacterClass(number: 3)
    /// `\p{Ll}`.
    static let lower = CharacterClass(number: 4)
    /// `[\p{Lm}\p{Lo}]`.
    static let letter = CharacterClass(number: 5)
    /// `\p{M}`.
    static let mark = CharacterClass(number: 6)
    /// `\p{N}`.
    static let number = CharacterClass(number: 7)
    /// No character: the end of the bytes, or bytes that are not UTF-8.
    static let none = CharacterClass(number: 8)

    /// True for `\p{L}`.
    @inline(__always) var isLetter: Bool { number &- 3 < 3 }
    /// True for `[\p{L}\p{M}]`.
    @inline(__always) var isLetterOrMark: Bool { number &- 3 < 4 }
    /// True for `\s`.
    @inline(__always) var isSpace: Bool { number &- 1 < 2 }
    /// True for `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`.
    @inline(__always) var isLowerLike: Bool { number &- 4 < 3 }
    /// True for `[^\s\p{L}\p{N}]`.
    @inline(__always) var isSymbol: Bool { number == 0 || number == 6 }
}
