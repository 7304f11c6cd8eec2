/// Width and height of a picture, read from the first bytes of its file.
public struct ImageSize: Sendable, Equatable {
    /// In pixels, 1 to `maximumSide`.
    public let width: Int
    /// In pixels, 1 to `maximumSide`.
    public let height: Int

    /// A longer side is no picture but a trap; vendors refuse far smaller ones.
    public static let maximumSide = 1 << 20
    /// A JPEG file with more segments before its frame header is given up.
    private static let maximumSegments = 512

    /// A size; nil when a side is zero or absurd.
    public init?(width: Int, height: Int) {
        guard (1...Self.maximumSide).contains(width), (1...Self.maximumSide).contains(height) else {
            return nil
        }
        self.width = width
        self.height = height
    }

    /// Reads the size out of a PNG, GIF, WebP, JPEG or BMP file in base64; nil for any other or a broken one.
    ///
    /// Only the characters that are needed are looked at, wherever they are.
    public init?(base64: String) {
        self.init(Base64Bytes(base64))
    }

    /// Reads the size out of the first bytes of a PNG, GIF, WebP, JPEG or BMP file; nil for any other or a broken one.
    ///
    /// Nothing is decoded, so a file that would unpack to gigabytes is told by what it claims.
    /// - Parameter prefix: 64 KiB show the size of nearly every picture; JPEG files alone may need more.
    public init?(prefix: [UInt8]) {
        self.init(PlainBytes(prefix))
    }

    private init?(_ bytes: some FileBytes) {
        guard
            let size = Self.png(bytes) ?? Self.gif(bytes) ?? Self.webP(bytes) ?? Self.jpeg(bytes)
                ?? Self.bmp(bytes)
        else { return nil }
        self = size
    }

    /// https://www.w3.org/TR/png-3/#11IHDR
    private static func png(_ bytes: some FileBytes) -> ImageSize? {
        guard bytes.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0),
            bytes.has("IHDR", at: 12),
            let width = bytes.bigEndian(at: 16, count: 4), let height = bytes.bigEndian(at: 20, count: 4)
        else { return nil }
        return ImageSize(width: width, height: height)
    }

    /// https://www.w3.org/Graphics/GIF/spec-gif89a.txt, section 18
    private static func gif(_ bytes: some FileBytes) -> ImageSize? {
        guard bytes.has("GIF87a", at: 0) || bytes.has("GIF89a", at: 0),
            let width = bytes.littleEndian(at: 6, count: 2), let height = bytes.littleEndian(at: 8, count: 2)
        else { return nil }
        return ImageSize(width: width, height: height)
    }

    /// https://developers.google.com/speed/webp/docs/riff_container, and for the lossy frame header
    /// https://www.rfc-editor.org/rfc/rfc6386#section-9.1
    private static func webP(_ bytes: some FileBytes) -> ImageSize? {
        guard bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) else { return nil }
        if bytes.has("VP8 ", at: 12), bytes.has([0x9D, 0x01, 0x2A], at: 23),
            let width = bytes.littleEndian(at: 26, count: 2),
            let height = bytes.littleEndian(at: 28, count: 2)
        {
            // The two highest bits are a scale that decoders ignore.
            return ImageSize(width: width & 0x3FFF, height: height & 0x3FFF)
        }
        if bytes.has("VP8L", at: 12), bytes.has([0x2F], at: 20),
            let bits = bytes.littleEndian(at: 21, count: 4)
        {
            return ImageSize(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1)
        }
        if bytes.has("VP8X", at: 12), let width = bytes.littleEndian(at: 24, count: 3),
            let height = bytes.littleEndian(at: 27, count: 3)
        {
            return ImageSize(width: width + 1, height: height + 1)
        }
        return nil
    }

    /// https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B: the frame header comes after any number of segments.
    private static func jpeg(_ bytes: some FileBytes) -> ImageSize? {
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

    /// https://learn.microsoft.com/en-us/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader
    private static func bmp(_ bytes: some FileBytes) -> ImageSize? {
        guard bytes.has("BM", at: 0), let header = bytes.littleEndian(at: 14, count: 4) else { return nil }
        if header == 12, let width = bytes.littleEndian(at: 18, count: 2),
            let height = bytes.littleEndian(at: 20, count: 2)
        {
            return ImageSize(width: width, height: height)
        }
        guard (40...124).contains(header), let width = bytes.littleEndian(at: 18, count: 4),
            let height = bytes.littleEndian(at: 22, count: 4)
        else { return nil }
        // A negative height says that the first row is the topmost.
        let rows = Int(Int32(truncatingIfNeeded: height)).magnitude
        return ImageSize(width: width, height: Int(rows))
    }
}
