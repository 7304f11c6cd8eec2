/// The format of a file by its first bytes, whatever it is called.
public enum MediaFormat: String, Sendable, CaseIterable {
    case png, jpeg, gif, webp, svg, bmp, tiff, avif, heic
    case pdf
    /// A ZIP archive that holds a Word document.
    case docx
    case xlsx, pptx, zip
    /// MPEG audio of layer III or II.
    case mp3
    case wav, flac, ogg, opus, m4a, mp4, webm, matroska, aac, amr, aiff
    case html, json, csv, markdown, text

    /// Tells the format; nil for bytes that are none of these, and for none at all.
    ///
    /// Text formats that only differ by their use (`csv`, `markdown`, `json`, `text`) are told by the file's name, once the
    /// bytes are seen to be UTF-8 text.
    /// - Parameters:
    ///   - prefix: the first bytes; 4 KiB tell all formats, fewer most. Where an Office file begins with a large picture of
    ///     itself, 64 KiB tell it.
    ///   - fileName: the name that the client gave; used for text formats, for Markdown that begins with HTML, and for
    ///     Office files that show no more than that they are one.
    public init?(prefix: [UInt8], fileName: String? = nil) {
        let bytes = PlainBytes(prefix)
        guard
            let format = Self.picture(bytes) ?? Self.container(bytes) ?? Self.sound(bytes)
                ?? Self.archive(prefix, fileName) ?? Self.markup(prefix)
                ?? Self.plain(prefix, fileName)
        else { return nil }
        // Many a Markdown file begins with a centred picture or a comment.
        self = format == .html ? Self.byExtension(fileName, [.markdown]) ?? .html : format
    }

    /// What a format is good for.
    public enum Kind: Sendable, Equatable { case image, audio, document, other }

    /// What it is good for; `mp4`, `webm` and `matroska` are audio here, since sound is taken out of them.
    public var kind: Kind {
        switch self {
        case .png, .jpeg, .gif, .webp, .svg, .bmp, .tiff, .avif, .heic: .image
        case .mp3, .wav, .flac, .ogg, .opus, .m4a, .mp4, .webm, .matroska, .aac, .amr, .aiff: .audio
        case .pdf, .docx, .xlsx, .pptx, .html, .json, .csv, .markdown, .text: .document
        case .zip: .other
        }
    }

    /// The media type, such as `image/png`: https://www.iana.org/assignments/media-types
    public var mediaType: String {
        switch self {
        case .png: "image/png"
        case .jpeg: "image/jpeg"
        case .gif: "image/gif"
        case .webp: "image/webp"
        case .svg: "image/svg+xml"
        case .bmp: "image/bmp"
        case .tiff: "image/tiff"
        case .avif: "image/avif"
        case .heic: "image/heic"
        case .pdf: "application/pdf"
        case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        case .pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        case .zip: "application/zip"
        case .mp3: "audio/mpeg"
        case .wav: "audio/wav"
        case .flac: "audio/flac"
        // "audio/opus" is for streams without a container: https://www.rfc-editor.org/rfc/rfc7845#section-9
        case .ogg, .opus: "audio/ogg"
        case .m4a: "audio/mp4"
        case .mp4: "video/mp4"
        case .webm: "video/webm"
        case .matroska: "video/x-matroska"
        case .aac: "audio/aac"
        case .amr: "audio/amr"
        case .aiff: "audio/aiff"
        case .html: "text/html"
        case .json: "application/json"
        case .csv: "text/csv"
        case .markdown: "text/markdown"
        case .text: "text/plain"
        }
    }

    /// The usual file extension without a dot, such as `jpg`.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .matroska: "mkv"
        case .markdown: "md"
        case .text: "txt"
        default: rawValue
        }
    }
}
