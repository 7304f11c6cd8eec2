/// Formats that are told by fixed bytes at fixed places.
extension MediaFormat {
    static func picture(_ bytes: PlainBytes) -> MediaFormat? {
        if bytes.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) { return .png }
        if bytes.has([0xFF, 0xD8, 0xFF], at: 0) { return .jpeg }
        if bytes.has("GIF87a", at: 0) || bytes.has("GIF89a", at: 0) { return .gif }
        if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) { return .webp }
        // The second of each pair is for files of more than 4 GiB.
        for mark: [UInt8] in [
            [0x49, 0x49, 42, 0], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 42], [0x4D, 0x4D, 0, 43],
        ]
        where bytes.has(mark, at: 0) {
            return .tiff
        }
        // Two letters are no mark, but with the sizes that a header can have they are.
        if bytes.has("BM", at: 0), let header = bytes.littleEndian(at: 14, count: 4),
            [12, 40, 52, 56, 64, 108, 124].contains(header)
        {
            return .bmp
        }
        return nil
    }

    /// Formats that hold pictures or sound of several codings.
    static func container(_ bytes: PlainBytes) -> MediaFormat? {
        if bytes.has("ftyp", at: 4) { return isoMedia(bytes) }
        if bytes.has([0x1A, 0x45, 0xDF, 0xA3], at: 0) { return matroska(bytes) }
        if bytes.has("OggS", at: 0) {
            // https://www.rfc-editor.org/rfc/rfc3533#section-6: the first packet comes behind the table of its pieces.
            let segments = bytes[26].map(Int.init) ?? 0
            return bytes.has("OpusHead", at: 27 + segments) ? .opus : .ogg
        }
        if bytes.has("WAVE", at: 8) {
            // The latter two are for more than 4 GiB: https://tech.ebu.ch/docs/tech/tech3306.pdf
            if bytes.has("RIFF", at: 0) || bytes.has("RF64", at: 0) || bytes.has("BW64", at: 0) {
                return .wav
            }
        }
        if bytes.has("FORM", at: 0), bytes.has("AIFF", at: 8) || bytes.has("AIFC", at: 8) { return .aiff }
        return nil
    }

    /// By the brands of the first box: https://mp4ra.org/registered-types/brands
    private static func isoMedia(_ bytes: PlainBytes) -> MediaFormat? {
        if bytes.has("crx ", at: 8) {
            // Raw pictures of cameras, which nobody takes.
            return nil
        }
        if bytes.has("M4A ", at: 8) || bytes.has("M4B ", at: 8) || bytes.has("M4P ", at: 8) { return .m4a }
        // The first brand, then, behind its version, those it can be read as too.
        let end = min(bytes.bigEndian(at: 0, count: 4) ?? 0, 256)
        let brands = [8] + stride(from: 16, to: max(end - 3, 16), by: 4)
        func has(_ names: [StaticString]) -> Bool {
            brands.contains { place in names.contains { bytes.has($0, at: place) } }
        }
        if has(["avif", "avis"]) { return .avif }
        if has(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]) { return .heic }
        return .mp4
    }

    /// By the document type in the header: https://www.rfc-editor.org/rfc/rfc8794#section-11.2.6
    private static func matroska(_ bytes: PlainBytes) -> MediaFormat? {
        for offset in 4..<min(max(bytes.count, 4), 128) where bytes.has([0x42, 0x82], at: offset) {
            if bytes.has("webm", at: offset + 3) { return .webm }
            if bytes.has("matroska", at: offset + 3) { return .matroska }
        }
        return nil
    }

    /// Sound without a container.
    static func sound(_ bytes: PlainBytes) -> MediaFormat? {
        if bytes.has("fLaC", at: 0) { return .flac }
        if bytes.has("#!AMR\n", at: 0) || bytes.has("#!AMR-WB\n", at: 0) { return .amr }
        if bytes.has("ID3", at: 0) {
            // The text about a song, whose length has seven bits in each byte: https://id3.org/id3v2.4.0-structure
            guard let parts = bytes.bigEndian(at: 6, count: 4), parts & 0x8080_8080 == 0 else { return nil }
            let size = [24, 16, 8, 0].reduce(0) { $0 << 7 | (parts >> $1 & 127) }
            if bytes.has("fLaC", at: 10 + size) { return .flac }
            return isADTS(bytes, at: 10 + size) ? .aac : .mp3
        }
        if isADTS(bytes, at: 0) { return .aac }
        return mpegFrameSize(bytes, at: 0) == nil ? nil : .mp3
    }

    /// https://wiki.multimedia.cx/index.php/ADTS: a sync word of twelve bits, layer 0, and a rate that is one.
    private static func isADTS(_ bytes: PlainBytes, at start: Int) -> Bool {
        guard bytes[start] == 0xFF, let second = bytes[start + 1], second & 0xF6 == 0xF0,
            let third = bytes[start + 2], third >> 2 & 15 < 13,
            let size = bytes.bigEndian(at: start + 3, count: 3)
        else { return false }
        let next = start + size >> 5 & 0x1FFF
        return next >= start + 7 && (bytes[next] ?? 0xFF) == 0xFF
    }

    /// The size of an MPEG audio frame in bytes; nil where there is none, or no further one behind it.
    ///
    /// http://www.mp3-tech.org/programmer/frame_header.html
    private static func mpegFrameSize(_ bytes: PlainBytes, at start: Int) -> Int? {
        guard let size = frameSize(bytes, at: start) else { return nil }
        let next = start + size
        guard let first = bytes[next], let second = bytes[next + 1] else { return size }
        return first == 0xFF && second & 0xE0 == 0xE0 ? size : nil
    }

    private static func frameSize(_ bytes: PlainBytes, at start: Int) -> Int? {
        guard bytes[start] == 0xFF, let second = bytes[start + 1], second & 0xE0 == 0xE0,
            let third = bytes[start + 2], second >> 3 & 3 != 1, third >> 2 & 3 < 3
        else { return nil }
        let isVersion1 = second >> 3 & 3 == 3
        let layer = 4 - Int(second >> 1 & 3)
        guard layer == 2 || layer == 3, (1...14).contains(third >> 4) else { return nil }
        let kilobits =
            if layer == 3 && isVersion1 {
                [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
            } else if isVersion1 {
                [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
            } else {
                [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
            }
        let rate =
            [44_100, 48_000, 32_000][Int(third >> 2 & 3)] >> (isVersion1 ? 0 : second >> 3 & 3 == 2 ? 1 : 2)
        let samples = layer == 3 && !isVersion1 ? 576 : 1152
        return samples / 8 * kilobits[Int(third >> 4) - 1] * 1000 / rate + Int(third >> 1 & 1)
    }
}
