import Testing
import Wire

/// What is common to both forms is tested where sizes are used, by the same files in base64.
@Suite struct ImageSizeTests {
    static let png: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
    ]

    static func bitmap(_ header: UInt8, _ sides: [UInt8]) -> [UInt8] {
        Array("BM".utf8) + [UInt8](repeating: 0, count: 12) + [header, 0, 0, 0] + sides
    }

    @Test(arguments: [
        (png + [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 6, 0, 0, 0], 60_000, 60_000),
        (Array("GIF89a".utf8) + [44, 1, 200, 0], 300, 200),
        ([0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 1, 2, 3, 4, 0xFF, 0xC0, 0, 17, 8, 0, 200, 1, 44], 300, 200),
        (
            Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8X".utf8) + [
                10, 0, 0, 0, 0, 0, 0, 0, 43, 1, 0, 199, 0, 0,
            ], 300, 200
        ),
        (bitmap(12, [44, 1, 200, 0]), 300, 200), (bitmap(40, [44, 1, 0, 0, 200, 0, 0, 0]), 300, 200),
        // From the top row down.
        (bitmap(124, [44, 1, 0, 0, 0x38, 0xFF, 0xFF, 0xFF]), 300, 200),
    ])
    func `the size stands in the first bytes`(prefix: [UInt8], width: Int, height: Int) {
        let size = ImageSize(width: width, height: height)
        #expect(size != nil)
        #expect(ImageSize(prefix: prefix) == size)
        #expect(ImageSize(prefix: prefix + [UInt8](repeating: 9, count: 100)) == size)
        #expect(ImageSize(base64: Base64Tests.text(prefix)) == size)
        for count in 0..<prefix.count - 5 { #expect(ImageSize(prefix: Array(prefix.prefix(count))) == nil) }
    }

    @Test(arguments: [
        png + [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1], png + [0, 0, 0, 0, 0, 0, 0, 1],
        bitmap(40, [44, 1, 0, 0, 0, 0, 0, 0x80]), bitmap(39, [44, 1, 0, 0, 200, 0, 0, 0]), [],
        Array("BM".utf8),
    ])
    func `absurd sizes are none`(_ prefix: [UInt8]) {
        #expect(ImageSize(prefix: prefix) == nil)
    }
}
