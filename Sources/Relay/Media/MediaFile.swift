import Dialects
import Wire

/// A file of a request, looked at and ready to be uploaded.
struct MediaFile: Sendable {
    /// Where its bytes are.
    let place: Place
    /// Its format, by its bytes.
    let format: MediaFormat
    /// The name that the client gave it.
    let fileName: String?
    /// The SHA-256 of its bytes.
    let hash: [UInt8]
    /// How large it is where it is a picture.
    let size: ImageSize?

    /// Where the bytes of a file are until it is uploaded.
    enum Place: Sendable {
        /// Here.
        case content(FileContent)
        /// In a stored file with this id, which is opened again for the upload: open files are few, and requests name many.
        case stored(String)
    }

    /// What a file has to be.
    enum Use: Sendable, Equatable {
        /// A picture that models look at.
        case picture
        /// A document, or a picture given as one.
        case document
        /// A sound.
        case sound

        /// Whether a file of a format is one.
        fileprivate func takes(_ format: MediaFormat) -> Bool {
            switch self {
            case .picture: MediaFile.pictures.contains(format)
            case .document: format.kind == .document || MediaFile.pictures.contains(format)
            case .sound: format.kind == .audio
            }
        }
    }

    /// Where a file's format and a picture's size stand, in bytes.
    private static let prefixBytes = 64 << 10
    /// The formats of pictures that models look at.
    fileprivate static let pictures: Set<MediaFormat> = [.png, .jpeg, .gif, .webp]

    /// Looks at a file; it may wait for a disk, and takes as long as hashing all of it: not on a loop.
    ///
    /// - Parameters:
    ///   - place: the member of the request to blame.
    ///   - stored: the stored file that it is; its hash is believed.
    /// - Throws: what is wrong with it for this use.
    static func examine(
        _ content: FileContent, fileName: String?, for use: Use, at place: String?,
        _ limits: Configuration.Limits, stored: StoredFile? = nil
    ) throws(Failure) -> MediaFile {
        guard content.count > 0 else {
            throw Failure(.invalidRequest, "The file is empty.", parameter: place, code: "empty_file")
        }
        let maximum = min(limits.fileBytes, OneMinAsset.maximumBytes)
        guard content.count <= maximum else {
            throw Failure(
                .invalidRequest, "The file has \(content.count) bytes, but at most \(maximum) are allowed.",
                parameter: place, code: "file_too_large")
        }
        let prefix = try Self.read(content, 0..<Self.prefixBytes)
        guard let format = MediaFormat(prefix: prefix, fileName: fileName) else {
            throw refusal(of: nil, for: use, at: place)
        }
        guard use.takes(format) else { throw refusal(of: format, for: use, at: place) }
        let size = format.kind == .image ? try size(prefix, at: place, limits) : nil
        do throws(ByteSourceError) {
            let hash = if let stored { stored.hash } else { try content.sha256() }
            return MediaFile(
                place: stored.map { .stored($0.id) } ?? .content(content), format: format, fileName: fileName,
                hash: hash, size: size)
        } catch {
            throw unreadable
        }
    }

    /// The size of a picture, which is not more than a vendor's machine can bear.
    private static func size(
        _ prefix: [UInt8], at place: String?, _ limits: Configuration.Limits
    ) throws(Failure) -> ImageSize {
        guard let size = ImageSize(prefix: prefix) else {
            throw Failure(
                .invalidRequest, "The picture is damaged: its size cannot be read.", parameter: place,
                code: "invalid_image")
        }
        let pixels = size.width.multipliedReportingOverflow(by: size.height)
        guard !pixels.overflow, pixels.partialValue <= limits.imagePixels else {
            throw Failure(
                .invalidRequest,
                "The picture has \(size.width) × \(size.height) pixels, but at most \(limits.imagePixels) are "
                    + "allowed.",
                parameter: place, code: "image_too_large")
        }
        return size
    }

    private static let unreadable = Failure(.internalError, "The relay cannot read the file.")

    private static func read(_ content: FileContent, _ range: Range<Int>) throws(Failure) -> [UInt8] {
        do throws(ByteSourceError) {
            return try content.read(range)
        } catch {
            throw unreadable
        }
    }

    private static func refusal(of format: MediaFormat?, for use: Use, at place: String?) -> Failure {
        let found = format.map { "It is \($0.rawValue)" } ?? "Its format is not known"
        let (wanted, code) =
            switch use {
            case .picture: ("a picture as PNG, JPEG, GIF or WebP", "invalid_image_format")
            case .document:
                (
                    "a document (PDF, DOCX, TXT, CSV, JSON, Markdown) or a picture (PNG, JPEG, GIF, WebP)",
                    "unsupported_file_type"
                )
            case .sound: ("a sound file", "invalid_audio_format")
            }
        return Failure(
            .invalidRequest, "The file has to be \(wanted). \(found), by its bytes.", parameter: place,
            code: code)
    }
}
