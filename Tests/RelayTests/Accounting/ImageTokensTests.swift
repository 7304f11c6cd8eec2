import Dialects
import Testing
import Wire

@testable import Relay

struct ImageTokensTests {
    /// The first bytes of files of each kind, 300 × 200 pixels.
    static let headers: [(name: String, bytes: [UInt8])] = [
        (
            "PNG",
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
                + [0, 0, 1, 44, 0, 0, 0, 200]
        ),
        ("GIF", Array("GIF89a".utf8) + [44, 1, 200, 0]),
        (
            "JPEG",
            // A segment of metadata, a fill byte, a table, the frame header of a progressive picture.
            [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 1, 2, 3, 4, 0xFF, 0xFF, 0xDB, 0, 3, 9]
                + [0xFF, 0xC2, 0, 17, 8, 0, 200, 1, 44]
        ),
        (
            "WebP, lossy",
            Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8 ".utf8) + [0, 0, 0, 0, 0, 0, 0]
                + [0x9D, 0x01, 0x2A, 44, 0x41, 200, 0x80]
        ),
        (
            "WebP, lossless",
            Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8L".utf8) + [0, 0, 0, 0, 0x2F]
                // 299 in 14 bits, then 199 in 14 bits.
                + [0x2B, 0xC1, 0x31, 0x00]
        ),
        (
            "WebP, extended",
            Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0]
                + [43, 1, 0, 199, 0, 0]
        ),
    ]

    /// Base64 without padding, which readers of a beginning never see.
    static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[bits >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    @Test(arguments: headers.indices) func `the size is read from the file's first bytes`(_ index: Int) {
        let (_, bytes) = Self.headers[index]
        let size = ImageSize(width: 300, height: 200)
        #expect(ImageSize(base64: Self.base64(bytes)) == size)
        #expect(ImageSize(base64: Self.base64(bytes + Array(repeating: 7, count: 1000))) == size)
    }

    @Test(arguments: headers.indices) func `a file that is cut off anywhere has no size, and does no harm`(
        _ index: Int
    ) {
        let (_, bytes) = Self.headers[index]
        for count in 0..<bytes.count {
            #expect(ImageSize(base64: Self.base64(Array(bytes.prefix(count)))) == nil)
        }
    }

    @Test(arguments: headers.indices) func `a byte that is wrong anywhere does no harm`(_ index: Int) {
        let (_, bytes) = Self.headers[index]
        for place in bytes.indices {
            for value: UInt8 in [0, 0x7F, 0xFF] {
                var changed = bytes
                changed[place] = value
                let size = ImageSize(base64: Self.base64(changed))
                #expect(size.map { $0.width > 0 && $0.height > 0 } ?? true)
            }
        }
    }

    @Test func `what is no picture has no size`() {
        for text in [
            "", "A", "====", "not base64!", "AAAA\nAAAA", "é", String(repeating: "/", count: 2_000_000),
        ] {
            #expect(ImageSize(base64: text) == nil)
        }
        let png = Self.headers[0].bytes.dropLast(8)
        // Sides of nothing, and of two thousand million.
        for sides: [UInt8] in [
            [0, 0, 0, 0, 0, 0, 0, 9], [0, 0, 0, 9, 0, 0, 0, 0],
            [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF],
        ] {
            #expect(ImageSize(base64: Self.base64(png + sides)) == nil)
        }
    }

    @Test func `a JPEG file of nothing but segments is given up`() {
        let segments = Array(repeating: [0xFF, 0xE0, 0x00, 0x02] as [UInt8], count: 100_000).joined()
        #expect(ImageSize(base64: Self.base64([0xFF, 0xD8] + segments)) == nil)
        // A length that would not get on.
        #expect(ImageSize(base64: Self.base64([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0])) == nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let model: String
        let width: Int
        let height: Int
        var detail: String?
        let tokens: Int
        var testDescription: String { "\(model) \(width)×\(height) \(detail ?? "")" }
    }

    static let cases: [Case] = [
        // The examples of https://platform.openai.com/docs/guides/images-vision#calculating-costs.
        Case(model: "gpt-4o", width: 1024, height: 1024, detail: "high", tokens: 765),
        Case(model: "gpt-4o", width: 2048, height: 4096, detail: "high", tokens: 1105),
        Case(model: "gpt-4o", width: 4096, height: 8192, detail: "low", tokens: 85),
        Case(model: "gpt-4.1-mini", width: 1024, height: 1024, tokens: 1659),
        Case(model: "gpt-4.1-mini", width: 1800, height: 2400, tokens: 2353),
        Case(model: "gpt-4.1-nano", width: 1024, height: 1024, tokens: 2520),
        Case(model: "o4-mini", width: 1024, height: 1024, tokens: 1762),
        // The numbers of the guide's table.
        Case(model: "gpt-4o-mini", width: 512, height: 512, detail: "low", tokens: 2833),
        Case(model: "gpt-4o-mini", width: 1024, height: 1024, detail: "high", tokens: 2833 + 4 * 5667),
        Case(model: "gpt-4.1", width: 512, height: 512, tokens: 85 + 170),
        Case(model: "gpt-4.5-preview", width: 512, height: 512, detail: "low", tokens: 85),
        Case(model: "o1", width: 512, height: 512, tokens: 75 + 150),
        Case(model: "o3", width: 512, height: 513, tokens: 75 + 2 * 150),
        Case(model: "gpt-5", width: 512, height: 512, tokens: 70 + 140),
        Case(model: "gpt-5-mini", width: 32, height: 32, tokens: 2),
        // Measured: https://huggingface.co/datasets/JOHNISKING/image-token-cost
        Case(model: "gpt-5.5", width: 256, height: 256, tokens: 77),
        Case(model: "gpt-5.5", width: 1920, height: 1080, tokens: 2448),
        Case(model: "gpt-5.5", width: 3840, height: 2160, tokens: 9792),
        Case(model: "gpt-6-astra", width: 3840, height: 2160, detail: "high", tokens: 2931),
        Case(model: "gpt-6-astra", width: 4032, height: 3024, tokens: 14_364),
        Case(model: "claude-sonnet-4-5", width: 1000, height: 750, tokens: 1000),
        Case(model: "claude-sonnet-4-5", width: 8000, height: 8000, tokens: 1600),
        Case(model: "gemini-2.5-flash", width: 384, height: 384, tokens: 258),
        Case(model: "gemini-2.5-flash", width: 960, height: 540, tokens: 258 * 6),
        Case(model: "gemini-3-pro", width: 960, height: 540, tokens: 1120),
        Case(model: "something-else", width: 1024, height: 1024, tokens: 765),
        // Extremes.
        Case(model: "gpt-4o", width: 1, height: 1, tokens: 255),
        Case(model: "gpt-4o", width: 1 << 20, height: 1, tokens: 85 + 4 * 170),
        Case(model: "gpt-4.1-mini", width: 1 << 20, height: 1, tokens: (1536 * 162 + 99) / 100),
        Case(model: "gpt-4.1-mini", width: 1 << 20, height: 1 << 20, tokens: (1521 * 162 + 99) / 100),
    ]

    @Test(arguments: cases) func `a picture costs what its vendor says`(_ picture: Case) {
        let size = [picture.width, picture.height].flatMap { side in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: side >> $0) }
        }
        let data = Self.base64(Self.headers[0].bytes.dropLast(8) + size)
        let image = ImagePart(source: .base64(data, mediaType: "image/png"), detail: picture.detail)
        #expect(ImageTokens.count(image, model: picture.model).tokens == picture.tokens)
    }

    @Test func `exact is only what is documented and known`() {
        let data = Self.base64(Self.headers[0].bytes)
        func isExact(_ source: MediaSource, _ detail: String?, _ model: String = "gpt-4o") -> Bool {
            ImageTokens.count(ImagePart(source: source, detail: detail), model: model).isExact
        }
        #expect(isExact(.base64(data, mediaType: nil), "high"))
        #expect(isExact(.url("https://x/y.png"), "low"))
        #expect(!isExact(.url("https://x/y.png"), "high"))
        #expect(!isExact(.base64(data, mediaType: nil), nil))
        #expect(!isExact(.base64(data, mediaType: nil), "high", "gpt-5.5"))
        #expect(!isExact(.base64("AAAA", mediaType: nil), "high"))
    }
}
