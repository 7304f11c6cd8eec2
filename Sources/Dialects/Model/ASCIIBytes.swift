extension UInt8 {
    /// True for `0` to `9`.
    var isASCIIDigit: Bool { self &- 0x30 < 10 }
    /// True for `A` to `Z` and `a` to `z`.
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
    /// True for hexadecimal digits of either case.
    var isASCIIHexDigit: Bool { isASCIIDigit || (self | 0x20) &- 0x61 < 6 }
    /// True for space, tab and the line ends.
    var isASCIIBlank: Bool { self == 0x20 || self &- 0x09 < 5 }
    /// The lower-case letter for an upper-case one, anything else as it is.
    var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension Collection<UInt8> {
    /// Where a phrase in lower case first stands, in either case; nil if nowhere.
    func firstIndex(ofPhrase phrase: String) -> Index? {
        let wanted = Array(phrase.utf8)
        guard let first = wanted.first else { return startIndex }
        var index = startIndex
        while index != endIndex {
            if self[index].lowercasedASCII == first {
                let rest = self[index...].prefix(wanted.count)
                if rest.count == wanted.count, zip(rest, wanted).allSatisfy({ $0.lowercasedASCII == $1 }) {
                    return index
                }
            }
            formIndex(after: &index)
        }
        return nil
    }
}
