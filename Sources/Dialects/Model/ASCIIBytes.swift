extension UInt8 {
    /// True for `0` to `9`.
    var isASCIIDigit: Bool { self &- 0x30 < 10 }
    /// True for `A` to `Z` and `a` to `z`.
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
    /// True for hexadecimal digits of either case.
    var isASCIIHexDigit: Bool { isASCIIDigit || (self | 0x20) &- 0x61 < 6 }
}
