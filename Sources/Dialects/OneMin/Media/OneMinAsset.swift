public import Wire

/// A file that was uploaded to 1min.ai: https://docs.1min.ai/docs/api/asset-api
public struct OneMinAsset: Sendable, Equatable {
    /// By which pictures and sounds are named, such as `images/2026_….png`.
    public var path: String
    /// By which documents are named.
    public var uuid: String?

    /// The path of the call.
    public static let uploadPath = "/api/assets"
    /// The field of the form that holds the file.
    public static let field = "asset"
    /// The longest file that the service takes, in bytes.
    ///
    /// The page names none; clients of the service agree on 50 MB.
    public static let maximumBytes = 50 << 20

    /// Reads the answer to an upload, status 2xx.
    ///
    /// - Throws: `upstreamFailed` when it names no file, or the failure that it tells of.
    public init(_ body: [UInt8]) throws(Failure) {
        let json = try? JSONValue(
            mending: body.span, maximumDepth: Self.maximumDepth, selecting: Self.selection)
        let words = [json?["fileContent"]?["path"], json?["asset"]?["key"]]
        guard let path = words.lazy.compactMap(\.self).compactMap(\.stringValue).first(where: Self.isName)
        else {
            throw OneMinErrorBody(body: body).failure(
                status: 200, otherwise: .upstreamFailed, fallback: "the answer to an upload names no file")
        }
        self.path = path
        uuid = json?["fileContent"]?["uuid"]?.stringValue.flatMap { Self.isName($0) ? $0 : nil }
    }

    /// The name and media type under which a file is sent: the extension fits the bytes, Markdown goes as plain text, and
    /// nothing of the client's name but letters, digits, `-`, `_` and `.` is kept, at most 64 characters.
    ///
    /// The service refuses a name whose extension does not fit, and Markdown by its type (`UNSUPPORTED_FILE_TYPE`). Opus
    /// goes as the Ogg file that it is, since whisper knows no `.opus`.
    public static func name(
        for format: MediaFormat, fileName: String?
    ) -> (fileName: String, mediaType: String) {
        let sent: MediaFormat =
            switch format {
            case .markdown, .html: .text
            case .opus: .ogg
            default: format
            }
        let ending = "." + sent.fileExtension
        var stem = stem(fileName ?? "").prefix(maximumNameLength - ending.utf8.count)
        while let last = stem.last, isSeparator(last) { stem.removeLast() }
        let name = stem.isEmpty ? "file" : String(decoding: stem, as: UTF8.self)
        return (name + ending, sent.mediaType)
    }

    /// The plain characters of a name without folders and extension, others as one `_`.
    private static func stem(_ fileName: String) -> [UInt8] {
        let folders: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "\\")]
        var name = Array(fileName.utf8.suffix(maximumReadBytes)).split { folders.contains($0) }.last ?? []
        // A dot at the very beginning starts no extension.
        if let dot = name.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex { name = name[..<dot] }
        var stem: [UInt8] = []
        for byte in name {
            let isPlain = byte.isASCIILetter || byte.isASCIIDigit || isSeparator(byte)
            if isPlain {
                // No `..`, no hidden file, and nothing that looks like an option.
                if isSeparator(byte), stem.last.map({ $0 == byte && byte == UInt8(ascii: ".") }) ?? true {
                    continue
                }
                stem.append(byte)
            } else if let last = stem.last, last != UInt8(ascii: "_") {
                stem.append(UInt8(ascii: "_"))
            }
        }
        return stem
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// True for what can name a file: not empty, not a novel, no control characters.
    private static func isName(_ text: String) -> Bool {
        (1...1024).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static let selection: JSONSelection = [
        "asset": ["key": .everything], "fileContent": ["path": .everything, "uuid": .everything],
    ]

    private static let maximumDepth = 64
    private static let maximumNameLength = 64
    /// A name's end is what matters; the rest is not looked at.
    private static let maximumReadBytes = 1024
}
