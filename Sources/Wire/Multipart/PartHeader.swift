/// What the header lines of a part say.
struct PartHeader {
    var name: String
    /// Without any folders; nil when the part is a field.
    var fileName: String?
    var contentType: String?

    /// Reads the lines of a part, the empty line and its end not included.
    ///
    /// - Parameter offset: where in the body they begin.
    init(_ lines: ArraySlice<UInt8>, offset: Int, limits: MultipartForm.Limits) throws(MultipartError) {
        let malformed = MultipartError(.malformedPart, offset: offset)
        var disposition: HeaderParameters?
        var type: [UInt8]?
        for line in try Self.unfolded(lines, malformed) {
            guard let colon = line.firstIndex(of: ASCII.colon), Self.isToken(line[..<colon]) else {
                throw malformed
            }
            let value = line[(colon + 1)...]
            switch String(decoding: line[..<colon].map(ASCII.lowercased), as: UTF8.self) {
            case "content-disposition":
                guard disposition == nil, let parameters = HeaderParameters(value) else { throw malformed }
                disposition = parameters
            case "content-type":
                guard type == nil else { throw malformed }
                type = Array(value)
            case "content-transfer-encoding":
                // https://www.rfc-editor.org/rfc/rfc7578#section-4.7: these say that nothing is encoded.
                guard let encoding = HeaderParameters(value)?.value,
                    ["binary", "8bit", "7bit"].contains(encoding)
                else { throw MultipartError(.encodedPart, offset: offset) }
            default: break
            }
        }
        guard let disposition, disposition.value == "form-data", let name = disposition["name"],
            !name.isEmpty
        else { throw malformed }
        guard name.count <= limits.nameBytes else {
            throw MultipartError(.nameTooLong(limit: limits.nameBytes), offset: offset)
        }
        self.name = try Self.text(name, offset: offset)
        if let fileName = try Self.fileName(disposition, malformed) {
            guard fileName.count <= limits.fileNameBytes else {
                throw MultipartError(.nameTooLong(limit: limits.fileNameBytes), offset: offset)
            }
            self.fileName = Self.withoutFolders(try Self.text(fileName, offset: offset))
        }
        contentType = type.map { String(decoding: $0.drop { $0 == ASCII.space }, as: UTF8.self) }
    }

    /// The lines, each whole: https://www.rfc-editor.org/rfc/rfc5322#section-2.2.3
    private static func unfolded(
        _ bytes: ArraySlice<UInt8>, _ malformed: MultipartError
    ) throws(MultipartError) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: ASCII.carriageReturn) ?? rest.endIndex
            var line = rest[..<end]
            rest = rest[end...]
            if rest.popFirst() != nil, rest.popFirst() != ASCII.lineFeed { throw malformed }
            guard !line.contains(where: { $0 < ASCII.space && $0 != ASCII.tab || $0 == ASCII.delete }) else {
                throw malformed
            }
            if line.first == ASCII.space || line.first == ASCII.tab {
                guard let last = lines.popLast() else { throw malformed }
                line = (last + line)[...]
            }
            lines.append(line)
        }
        return lines
    }

    /// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
    private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                byte > ASCII.space && byte < ASCII.delete && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
            }
    }

    /// The file name that was meant; nil when there is none.
    ///
    /// Forms should not have `filename*`, says https://www.rfc-editor.org/rfc/rfc7578#section-4.2, but libraries have
    /// sent nothing else for names that are not ASCII.
    private static func fileName(
        _ disposition: HeaderParameters, _ malformed: MultipartError
    ) throws(MultipartError) -> [UInt8]? {
        let plain = disposition["filename"]
        guard let extended = disposition["filename*"] else { return plain }
        if let name = extendedValue(extended) { return name }
        guard let plain else { throw malformed }
        return plain
    }

    /// `UTF-8'en'na%C3%AFve.txt`: https://www.rfc-editor.org/rfc/rfc8187#section-3.2
    private static func extendedValue(_ value: [UInt8]) -> [UInt8]? {
        let pieces = value.split(separator: ASCII.apostrophe, maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3 else { return nil }
        var decoded: [UInt8] = []
        var rest = pieces[2]
        while let byte = rest.popFirst() {
            guard byte == ASCII.percent else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(ASCII.hexValue),
                let low = rest.popFirst().flatMap(ASCII.hexValue)
            else { return nil }
            decoded.append(UInt8(high << 4 | low))
        }
        return switch String(decoding: pieces[0].map(ASCII.lowercased), as: UTF8.self) {
        case "utf-8": decoded
        case "iso-8859-1": decoded.flatMap { Array(String(Unicode.Scalar($0)).utf8) }
        default: nil
        }
    }

    /// A name as text, without control characters.
    private static func text(_ bytes: [UInt8], offset: Int) throws(MultipartError) -> String {
        guard !bytes.contains(where: { $0 < ASCII.space || $0 == ASCII.delete }) else {
            throw MultipartError(.malformedPart, offset: offset)
        }
        guard let text = String(validating: withQuotes(bytes), as: UTF8.self) else {
            throw MultipartError(.notText(name: String(decoding: bytes, as: UTF8.self)), offset: offset)
        }
        return text
    }

    /// Browsers write `%22` for a quote, and no other sign so, but the line ends that no name has:
    /// https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#escape-a-multipart-form-data-name
    private static func withQuotes(_ bytes: [UInt8]) -> [UInt8] {
        var name: [UInt8] = []
        for byte in bytes {
            name.append(byte)
            if name.suffix(3).elementsEqual("%22".utf8) {
                name.removeLast(3)
                name.append(ASCII.quote)
            }
        }
        return name
    }

    /// What stands behind the last slash of either kind; nothing where that names a folder.
    private static func withoutFolders(_ name: String) -> String {
        let bytes = name.utf8
        let start = bytes.lastIndex { $0 == ASCII.slash || $0 == ASCII.backslash }
        let last = start.map { String(name[bytes.index(after: $0)...]) } ?? name
        return last == "." || last == ".." ? "" : last
    }
}
