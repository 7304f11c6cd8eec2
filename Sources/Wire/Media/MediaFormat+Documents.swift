/// Formats that are told by reading on: archives, markup and text.
extension MediaFormat {
    // MARK: Archives

    /// What is in a ZIP archive, by the names of its first files: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT,
    /// section 4.3.7
    static func archive(_ prefix: [UInt8], _ fileName: String?) -> MediaFormat? {
        let bytes = PlainBytes(prefix)
        let local: [UInt8] = [0x50, 0x4B, 3, 4]
        guard bytes.has(local, at: 0) else {
            // One that is empty, or one of a set.
            return bytes.has([0x50, 0x4B, 5, 6], at: 0) || bytes.has([0x50, 0x4B, 7, 8], at: 0) ? .zip : nil
        }
        let search = PatternSearch(local)
        var offset = 0
        while bytes.has(local, at: offset) {
            guard let nameBytes = bytes.littleEndian(at: offset + 26, count: 2),
                let extraBytes = bytes.littleEndian(at: offset + 28, count: 2),
                let size = bytes.littleEndian(at: offset + 18, count: 4),
                let flags = bytes.littleEndian(at: offset + 6, count: 2)
            else { break }
            if let format = office(bytes, at: offset + 30) { return format }
            // Any other file first is what an Office file never has.
            if offset == 0, !isOffice(bytes, at: 30) { return .zip }
            offset += 30 + nameBytes + extraBytes
            if flags & 8 == 0 {
                offset += size
            } else {
                // The size comes behind the content.
                guard let next = search.first(in: prefix.span, from: offset) else { break }
                offset = next
            }
        }
        return isOffice(bytes, at: 30) ? byExtension(fileName, [.docx, .xlsx, .pptx]) ?? .zip : .zip
    }

    /// The kind of Office file that has a file of this name.
    private static func office(_ bytes: PlainBytes, at name: Int) -> MediaFormat? {
        if bytes.has("word/", at: name) { return .docx }
        if bytes.has("xl/", at: name) { return .xlsx }
        return bytes.has("ppt/", at: name) ? .pptx : nil
    }

    /// Whether a file of this name is one that all Office files have: https://ecma-international.org/publications-and-standards/standards/ecma-376
    private static func isOffice(_ bytes: PlainBytes, at name: Int) -> Bool {
        ["[Content_Types].xml", "_rels/", "docProps/", "customXml/"].contains { bytes.has($0, at: name) }
    }

    // MARK: Markup

    /// Markup and PDF, behind a byte order mark and white space.
    static func markup(_ prefix: [UInt8]) -> MediaFormat? {
        var rest = afterMark(prefix)
        while true {
            rest = rest.drop { isBlank($0) }
            if starts(rest, "%pdf-") { return .pdf }
            if starts(rest, "<!--") {
                // One that does not end here is taken for HTML, as browsers do.
                guard let next = after("-->", in: rest) else { return isText(prefix) ? .html : nil }
                rest = next
            } else if starts(rest, "<?xml") {
                guard let next = after("?>", in: rest) else { return nil }
                rest = next
            } else if starts(rest, "<!doctype") {
                let name = rest.dropFirst(9).drop { isBlank($0) }
                if starts(name, "svg") { return isText(prefix) ? .svg : nil }
                return starts(name, "html") && isText(prefix) ? .html : nil
            } else {
                break
            }
        }
        guard rest.first == UInt8(ascii: "<"), isText(prefix) else { return nil }
        let name = rest.dropFirst().prefix { byte in
            byte > ASCII.space && byte != UInt8(ascii: ">") && byte != ASCII.slash
        }
        let tag = String(decoding: name.prefix(64).map(ASCII.lowercased), as: UTF8.self)
        // The name must have ended: by a sign, not by the end of what we see.
        guard name.endIndex < rest.endIndex else { return nil }
        if tag == "svg" || tag.hasSuffix(":svg") { return .svg }
        return htmlTags.contains(tag) ? .html : nil
    }

    /// The tags by which browsers know HTML: https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type
    private static let htmlTags: Set<String> = [
        "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b", "body",
        "br",
        "p", "meta", "link", "h2", "form", "img", "center", "noscript",
    ]

    private static func starts(_ bytes: ArraySlice<UInt8>, _ lowerCase: String) -> Bool {
        bytes.prefix(lowerCase.utf8.count).lazy.map(ASCII.lowercased).elementsEqual(lowerCase.utf8)
    }

    /// What stands behind the first of a text; nil when there is none.
    private static func after(_ text: String, in bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let search = PatternSearch(Array(text.utf8))
        return search.first(in: bytes.span, from: 0).map { bytes.dropFirst($0 + text.utf8.count) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == ASCII.space || (ASCII.tab...ASCII.carriageReturn).contains(byte) && byte != ASCII.verticalTab
    }

    private static func afterMark(_ prefix: [UInt8]) -> ArraySlice<UInt8> {
        prefix.starts(with: [0xEF, 0xBB, 0xBF]) ? prefix.dropFirst(3) : prefix[...]
    }

    // MARK: Text

    static func plain(_ prefix: [UInt8], _ fileName: String?) -> MediaFormat? {
        guard !prefix.isEmpty, isText(prefix) else { return nil }
        return byExtension(fileName, [.json, .csv, .markdown]) ?? .text
    }

    /// Valid UTF-8 without NUL; the last character may be cut by the end of the prefix.
    static func isText(_ prefix: [UInt8]) -> Bool {
        guard !prefix.contains(0) else { return false }
        // A character has four bytes at most: without the last of a cut one, the rest is whole.
        var whole = prefix[...]
        if let lead = prefix.suffix(3).lastIndex(where: { $0 & 0xC0 != 0x80 }) {
            let missing =
                switch prefix[lead] {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 0
                }
            if missing > prefix.count - lead { whole = prefix[..<lead] }
        }
        return String(validating: whole, as: UTF8.self) != nil
    }

    /// The first of some formats whose extension the file has.
    static func byExtension(_ fileName: String?, _ formats: [MediaFormat]) -> MediaFormat? {
        guard let name = fileName.map({ Array($0.utf8) }), let dot = name.lastIndex(of: ASCII.dot) else {
            return nil
        }
        let ending = String(decoding: name[(dot + 1)...].prefix(16).map(ASCII.lowercased), as: UTF8.self)
        return formats.first { $0.fileExtension == ending || $0.rawValue == ending }
    }
}
