import Testing
import Wire

@Suite struct MediaFormatTests {
    /// The beginnings of files as programs write them.
    static let beginnings: [(String, [UInt8], MediaFormat?)] = [
        ("PNG", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png),
        ("JPEG", [0xFF, 0xD8, 0xFF, 0xE0], .jpeg), ("GIF", Array("GIF89a".utf8), .gif),
        ("an older GIF", Array("GIF87a".utf8), .gif), ("no GIF", Array("GIF88a".utf8), .text),
        ("WebP", riff("WEBP"), .webp), ("WAV", riff("WAVE"), .wav), ("AVI", riff("AVI "), nil),
        ("a long WAV", Array("RF64".utf8) + [255, 255, 255, 255] + Array("WAVE".utf8), .wav),
        ("TIFF", [0x49, 0x49, 42, 0, 8, 0, 0, 0], .tiff),
        ("TIFF, other order", [0x4D, 0x4D, 0, 42, 0, 0, 0, 8], .tiff),
        ("BMP", Array("BM".utf8) + [0x36, 0, 0, 0, 0, 0, 0, 0, 0x36, 0, 0, 0, 40, 0, 0, 0], .bmp),
        ("BM is no mark", Array("BM and other words of a text".utf8), .text),
        ("AVIF", box("avif", ["avif", "mif1"]), .avif),
        ("AVIF by another brand", box("mif1", ["mif1", "avif"]), .avif),
        ("HEIC", box("heic", ["mif1", "heic"]), .heic), ("HEIF", box("mif1", ["mif1", "heix"]), .heic),
        ("M4A", box("M4A ", ["isom", "mp42"]), .m4a), ("an audio book", box("M4B ", []), .m4a),
        ("MP4", box("isom", ["isom", "iso2", "avc1", "mp41"]), .mp4),
        ("QuickTime", box("qt  ", ["qt  "]), .mp4),
        ("a raw picture", box("crx ", ["crx ", "isom"]), nil),
        ("WebM", matroska("webm"), .webm), ("Matroska", matroska("matroska"), .matroska),
        ("EBML", matroska("other"), nil),
        ("Ogg", ogg("\u{1}vorbis"), .ogg), ("Opus", ogg("OpusHead"), .opus),
        ("FLAC", Array("fLaC".utf8) + [0, 0, 0, 34], .flac), ("AIFF", form("AIFF"), .aiff),
        ("AIFF-C", form("AIFC"), .aiff),
        ("AMR", Array("#!AMR\n".utf8), .amr), ("AMR, wide", Array("#!AMR-WB\n".utf8), .amr),
        ("MP3", [0xFF, 0xFB, 0x90, 0x64, 0], .mp3), ("MP3, version 2", [0xFF, 0xF3, 0x40, 0xC4], .mp3),
        // 128 kbit/s at 44.1 kHz: 417 bytes.
        ("MP3, two frames", frames([0xFF, 0xFB, 0x90, 0x64], 417), .mp3),
        ("MP3, nothing behind", frames([0xFF, 0xFB, 0x90, 0x64], 416), nil),
        ("layer II", [0xFF, 0xFD, 0x84, 0x04], .mp3), ("no bit rate", [0xFF, 0xFB, 0xF0, 0x64], nil),
        ("MP3 with a title", id3(20) + [0xFF, 0xFB, 0x90, 0x64], .mp3), ("a long title", id3(300_000), .mp3),
        ("AAC with a title", id3(20) + adts, .aac),
        ("FLAC with a title", id3(20) + Array("fLaC".utf8), .flac),
        ("AAC", adts, .aac), ("AAC, cut", Array(adts.prefix(6)), .aac),
        ("UTF-16", [0xFF, 0xFE, 0x41, 0], nil),
        ("PDF", Array("%PDF-1.7\n%âãÏÓ".utf8), .pdf),
        ("PDF behind a line", Array("\u{FEFF}\r\n%PDF-1.4".utf8), .pdf),
        ("PDF with binary bytes", Array("%PDF-1.4\n".utf8) + [0, 0xFF, 0xFE], .pdf),
        ("nothing", [], nil), ("NUL", [0], nil), ("a program", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0], nil),
        ("an old Word file", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], nil),
        ("no UTF-8", Array("caf".utf8) + [0xE9, 0x20], nil), ("text", Array("Grüße\n".utf8), .text),
    ]

    static func riff(_ form: String) -> [UInt8] { Array("RIFF".utf8) + [1, 2, 0, 0] + Array(form.utf8) }
    static func form(_ kind: String) -> [UInt8] { Array("FORM".utf8) + [0, 0, 1, 0] + Array(kind.utf8) }

    static func box(_ brand: String, _ others: [String]) -> [UInt8] {
        [0, 0, 0, UInt8(16 + 4 * others.count)] + Array("ftyp\(brand)".utf8) + [0, 0, 2, 0]
            + Array(others.joined().utf8) + [0, 0, 0, 8] + Array("free".utf8)
    }

    static func matroska(_ type: String) -> [UInt8] {
        [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x80 + UInt8(type.utf8.count)]
            + Array(type.utf8)
    }

    static func ogg(_ packet: String) -> [UInt8] {
        Array("OggS".utf8) + [0, 2] + [UInt8](repeating: 0, count: 20) + [1, UInt8(packet.utf8.count)]
            + Array(packet.utf8)
    }

    static func frames(_ header: [UInt8], _ size: Int) -> [UInt8] {
        let frame = header + [UInt8](repeating: 0, count: size - header.count)
        return frame + frame
    }

    static func id3(_ size: Int) -> [UInt8] {
        let length = [21, 14, 7, 0].map { UInt8(truncatingIfNeeded: size >> $0 & 127) }
        return Array("ID3".utf8) + [4, 0, 0] + length + [UInt8](repeating: 0, count: min(size, 1000))
    }

    /// Two frames of 16 bytes.
    static let adts = frames([0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC], 16)

    @Test(arguments: beginnings.indices) func `a format is told by the first bytes`(_ index: Int) {
        let (name, bytes, format) = Self.beginnings[index]
        #expect(MediaFormat(prefix: bytes) == format, "\(name)")
        #expect(MediaFormat(prefix: bytes, fileName: "a.jpg") == format, "\(name)")
    }

    @Test(arguments: beginnings.indices) func `bytes that are cut or changed do no harm`(_ index: Int) {
        let bytes = Self.beginnings[index].1.prefix(64)
        for count in 0..<bytes.count { _ = MediaFormat(prefix: Array(bytes.prefix(count))) }
        for place in bytes.indices {
            for value: UInt8 in [0, 0x7F, 0xFF] {
                var changed = Array(bytes)
                changed[place] = value
                _ = MediaFormat(prefix: changed)
                _ = ImageSize(prefix: changed)
            }
        }
    }

    @Test(
        arguments: [
            ("<svg xmlns=\"http://www.w3.org/2000/svg\">", .svg), ("<?xml version=\"1.0\"?>\n<svg>", .svg),
            ("\u{FEFF}  <!-- Made by -- hand --> <!-- x --><SVG\n>", .svg), ("<svg:svg>", .svg),
            ("<svg/>", .svg),
            ("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">", .svg), ("<svgx>", .text), ("<svg", .text),
            ("<!DOCTYPE html>", .html), ("\n<!doctype HTML><svg>", .html), ("<html lang=en>", .html),
            ("<!-- nothing yet", .html), ("<?xml version=\"1.0\"?><html>", .html), ("<script>", .html),
            ("<p>", .html),
            ("<b/>", .html), ("<?xml version=\"1.0\"?><feed>", .text), ("<?xml version", .text), ("<", .text),
            ("<3", .text),
            ("a <svg>", .text), ("{\"a\": 1}", .text),
        ] as [(String, MediaFormat)])
    func `markup is told by its first element`(text: String, format: MediaFormat) {
        #expect(MediaFormat(prefix: Array(text.utf8)) == format)
        if format != .text { #expect(MediaFormat(prefix: Array(text.utf8), fileName: "a.txt") == format) }
        #expect(MediaFormat(prefix: Array(text.utf8) + [0]) == nil)
    }

    @Test(
        arguments: [
            ("a.json", .json), ("a.CSV", .csv), ("a.md", .markdown), ("a.markdown", .markdown),
            ("a.txt", .text),
            ("a.png", .text), ("csv", .text), (".json", .json), ("a.json.gz", .text), ("", .text),
            ("a.", .text),
        ] as [(String, MediaFormat)])
    func `text is what its name says`(name: String, format: MediaFormat) {
        #expect(MediaFormat(prefix: Array("a,b\n1,2".utf8), fileName: name) == format)
    }

    @Test func `Markdown may begin with HTML`() {
        for text in ["<p align=center>", "<!-- badges -->\n# A", "<!doctype html>"] {
            #expect(MediaFormat(prefix: Array(text.utf8), fileName: "README.md") == .markdown)
        }
        #expect(MediaFormat(prefix: Array("<svg>".utf8), fileName: "README.md") == .svg)
    }

    @Test func `the last character of text may be cut`() {
        for character in ["é", "€", "🚲"] {
            let bytes = Array("a\(character)".utf8)
            for count in 1...bytes.count { #expect(MediaFormat(prefix: Array(bytes.prefix(count))) == .text) }
            #expect(MediaFormat(prefix: Array(bytes.dropLast()) + [0x61]) == nil)
            #expect(MediaFormat(prefix: bytes + [0x80]) == nil)
        }
        #expect(MediaFormat(prefix: [0x61, 0xC0]) == nil && MediaFormat(prefix: [0x61, 0xFF]) == nil)
    }

    // MARK: Archives

    /// A file of an archive; its size stands before it, or behind.
    static func entry(_ name: String, _ content: [UInt8] = [], isStreamed: Bool = false) -> [UInt8] {
        func little(_ number: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        let size = little(isStreamed ? 0 : content.count, 4)
        let head: [UInt8] =
            [0x50, 0x4B, 3, 4, 20, 0, isStreamed ? 8 : 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0] + size + size
        let behind =
            isStreamed
            ? [0x50, 0x4B, 7, 8] + little(0, 4) + little(content.count, 4) + little(content.count, 4) : []
        return head + little(name.utf8.count, 2) + [4, 0] + Array(name.utf8) + [1, 2, 3, 4] + content + behind
    }

    @Test(arguments: [true, false]) func `Office files are told by the names in them`(_ isStreamed: Bool) {
        let noise = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let first = ["[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "customXml/item1.xml"]
        for (folder, format) in [("word", MediaFormat.docx), ("xl", .xlsx), ("ppt", .pptx)] {
            let main = Self.entry("\(folder)/document.xml", noise, isStreamed: isStreamed)
            #expect(MediaFormat(prefix: main) == format)
            for name in first {
                let bytes = Self.entry(name, noise, isStreamed: isStreamed) + main
                #expect(MediaFormat(prefix: bytes) == format)
                #expect(MediaFormat(prefix: bytes, fileName: "a.zip") == format)
                // The beginning does not show it: then the name may say which.
                let cut = Array(bytes.prefix(300))
                #expect(MediaFormat(prefix: cut) == .zip)
                #expect(MediaFormat(prefix: cut, fileName: "A.\(format)") == format)
            }
        }
    }

    @Test func `other archives are archives`() {
        #expect(MediaFormat(prefix: Self.entry("a.txt"), fileName: "a.docx") == .zip)
        #expect(MediaFormat(prefix: Self.entry("mimetype") + Self.entry("word/document.xml")) == .zip)
        #expect(MediaFormat(prefix: Self.entry("a.docx", Self.entry("word/document.xml"))) == .zip)
        #expect(MediaFormat(prefix: [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)) == .zip)
        #expect(MediaFormat(prefix: Self.entry("_rels/.rels", Self.entry("word/document.xml"))) == .zip)
        for count in 4..<60 { #expect(MediaFormat(prefix: Array(Self.entry("a").prefix(count))) == .zip) }
    }

    // MARK: What is said of them

    @Test func `every format has a type, an ending and a use`() {
        for format in MediaFormat.allCases {
            #expect(format.mediaType.split(separator: "/").count == 2)
            #expect((2...5).contains(format.fileExtension.count))
            switch format.kind {
            case .image: #expect(format.mediaType.hasPrefix("image/"))
            case .audio: #expect(format.mediaType.hasPrefix("audio/") || format.mediaType.hasPrefix("video/"))
            case .document, .other: #expect(!format.mediaType.hasPrefix("image/"))
            }
        }
        #expect(Set(MediaFormat.allCases.map(\.fileExtension)).count == MediaFormat.allCases.count)
    }
}
