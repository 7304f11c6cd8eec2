/// The bytes of a file's beginning by their offset, however they are kept.
protocol FileBytes {
    /// The byte at an offset; nil where there is none.
    subscript(offset: Int) -> UInt8? { get }
}

extension FileBytes {
    /// Whether these bytes stand at an offset.
    func has(_ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.indices.allSatisfy { self[offset + $0] == bytes[$0] }
    }

    /// Whether this ASCII text stands at an offset.
    func has(_ text: StaticString, at offset: Int) -> Bool {
        (0..<text.utf8CodeUnitCount).allSatisfy { unsafe self[offset + $0] == text.utf8Start[$0] }
    }

    /// The number of up to four bytes at an offset, highest byte first.
    func bigEndian(at offset: Int, count: Int) -> Int? {
        var number = 0
        for index in 0..<count {
            guard let byte = self[offset + index] else { return nil }
            number = number << 8 | Int(byte)
        }
        return number
    }

    /// The number of up to four bytes at an offset, lowest byte first.
    func littleEndian(at offset: Int, count: Int) -> Int? {
        var number = 0
        for index in 0..<count {
            guard let byte = self[offset + index] else { return nil }
            number |= Int(byte) << (8 * index)
        }
        return number
    }
}

/// Bytes as they are.
struct PlainBytes: FileBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    subscript(offset: Int) -> UInt8? {
        bytes.indices.contains(offset) ? bytes[offset] : nil
    }
}

/// Single bytes of what a base64 text stands for, without decoding the rest.
struct Base64Bytes: FileBytes {
    private let text: [UInt8]

    /// Enough for any header, and for the metadata that cameras put before it, in characters.
    private static let maximumCharacters = 1 << 20

    init(_ text: String) {
        self.text = Array(text.utf8.prefix(Self.maximumCharacters))
    }

    /// The byte at an offset; nil past the end or where there is no base64.
    subscript(offset: Int) -> UInt8? {
        let first = offset / 3 * 4 + offset % 3
        guard offset >= 0, first + 1 < text.count, let high = Base64.value(text[first]),
            let low = Base64.value(text[first + 1])
        else { return nil }
        return switch offset % 3 {
        case 0: high << 2 | low >> 4
        case 1: high << 4 | low >> 2
        default: high << 6 | low
        }
    }
}
