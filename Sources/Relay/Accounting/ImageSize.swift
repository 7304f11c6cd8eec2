/// Width and height of a picture, read from the first bytes of its file.
struct ImageSize: Sendable, Equatable {
    /// In pixels, 1 to `maximumSide`.
    let width: Int
    /// In pixels, 1 to `maximumSide`.
    let height: Int

    /// A longer side is no picture but a trap; vendors refuse far smaller ones.
    static let maximumSide = 1 << 20
    /// A JPEG file with more segments before its frame header is given up.
    private static let maximumSegments = 512

    /// A size; nil when a side is zero or absurd.
    init?(width: Int, height: Int) {
        guard (1...Self.maximumSide).contains(width), (1...Self.maximumSide).contains(height) else {
            return nil
        }
        self.width = width
        self.height = height
    }

    /// Reads the size out of a PNG, GIF, WebP or JPEG file in base64; nil for any other or a broken one.
    ///
    /// Only the characters that are needed are looked at, wherever they are.
    init?(base64: String) {
        let bytes = Base64Bytes(base64)
        guard let size = Self.png(bytes) ?? Self.gif(bytes) ?? Self.webP(bytes) ?? Self.jpeg(bytes) else {
            return nil
        }
        self = size
    }

    /// https://www.w3.org/TR/png-3/#11IHDR
    private static func png(_ bytes: borrowing Base64Bytes) -> ImageSize? {
        guard bytes.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0),
            bytes.has(Array("IHDR".utf8), at: 12),
            let width = bytes.bigEndian(at: 16, count: 4), let height = bytes.bigEndian(at: 20, count: 4)
        else { return nil }
        return ImageSize(width: width, height: height)
    }

    /// https://www.w3.org/Graphics/GIF/spec-gif89a.txt, section 18
    private static func gif(_ bytes: borrowing Base64Bytes) -> ImageSize? {
        guard bytes.has(Array("GIF87a".utf8), at: 0) || bytes.has(Array("GIF89a".utf8), at: 0),
            let width = bytes.littleEndian(at: 6, count: 2), let height = bytes.littleEndian(at: 8, count: 2)
        else { return nil }
        return ImageSize(width: width, height: height)
    }

    /// https://developers.google.com/speed/webp/docs/riff_container, and for the lossy frame header
    /// https://www.rfc-editor.org/rfc/rfc6386#section-9.1
    private static func webP(_ bytes: borrowing Base64Bytes) -> ImageSize? {
        guard bytes.has(Array("RIFF".utf8), at: 0), bytes.has(Array("WEBP".utf8), at: 8) else { return nil }
        if bytes.has(Array("VP8 ".utf8), at: 12), bytes.has([0x9D, 0x01, 0x2A], at: 23),
            let width = bytes.littleEndian(at: 26, count: 2),
            let height = bytes.littleEndian(at: 28, count: 2)
        {
            // The two highest bits are a scale that decoders ignore.
            return ImageSize(width: width & 0x3FFF, height: height & 0x3FFF)
        }
        if bytes.has(Array("VP8L".utf8), at: 12), bytes.has([0x2F], at: 20),
            let bits = bytes.littleEndian(at: 21, count: 4)
        {
            return ImageSize(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1)
        }
        if bytes.has(Array("VP8X".utf8), at: 12), let width = bytes.littleEndian(at: 24, count: 3),
            let height = bytes.littleEndian(at: 27, count: 3)
        {
            return ImageSize(width: width + 1, height: height + 1)
        }
        return nil
    }

    /// https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B: the frame header comes after any number of segments.
    private static func jpeg(_ bytes: borrowing Base64Bytes) -> ImageSize? {
        guard bytes.has([0xFF, 0xD8, 0xFF], at: 0) else { return nil }
        var position = 2
        for _ in 0..<maximumSegments {
            guard bytes[position] == 0xFF, let marker = bytes[position + 1] else { return nil }
            switch marker {
            case 0xFF:
                // A fill byte.
                position += 1
            case 0x01, 0xD0...0xD7:
                // Markers without a length.
                position += 2
            case 0xC0...0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                guard let height = bytes.bigEndian(at: position + 5, count: 2),
                    let width = bytes.bigEndian(at: position + 7, count: 2)
                else { return nil }
                return ImageSize(width: width, height: height)
            case 0xD8, 0xD9, 0xDA: return nil
            default:
                guard let length = bytes.bigEndian(at: position + 2, count: 2), length >= 2 else {
                    return nil
                }
                position += 2 + length
            }
        }
        return nil
    }
}

/// Single bytes of what a base64 text stands for, without decoding the rest.
private struct Base64Bytes {
    private let text: [UInt8]

    /// Enough for any header, and for the metadata that cameras put before it, in characters.
    private static let maximumCharacters = 1 << 20

    init(_ text: String) {
        self.text = Array(text.utf8.prefix(Self.maximumCharacters))
    }

    /// The byte at an offset; nil past the end or where there is no base64.
    subscript(offset: Int) -> UInt8? {
        let first = offset / 3 * 4 + offset % 3
        guard offset >= 0, first + 1 < text.count, let high = Self.value(text[first]),
            let low = Self.value(text[first + 1])
        else { return nil }
        return switch offset % 3 {
        case 0: high << 2 | low >> 4
        case 1: high << 4 | low >> 2
        default: high << 6 | low
        }
    }

    func has(_ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.indices.allSatisfy { self[offset + $0] == bytes[$0] }
    }

    func bigEndian(at offset: Int, count: Int) -> Int? {
        var number = 0
        for index in 0..<count {
            guard let byte = self[offset + index] else { return nil }
            number = number << 8 | Int(byte)
        }
        return number
    }

    func littleEndian(at offset: Int, count: Int) -> Int? {
        var number = 0
        for index in 0..<count {
            guard let byte = self[offset + index] else { return nil }
            number |= Int(byte) << (8 * index)
        }
        return number
    }

    /// https://www.rfc-editor.org/rfc/rfc4648#section-4, and the characters of section 5
    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
