/// A form as browsers and SDKs send it, `multipart/form-data`: https://www.rfc-editor.org/rfc/rfc7578
public struct MultipartForm: Sendable, Equatable {
    /// A value without a file name.
    public struct Field: Sendable, Equatable {
        /// The name as it came, such as `image[]`.
        public var name: String
        /// The value; not UTF-8 is refused.
        public var value: String

        /// Makes one.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A value with a file name.
    public struct File: Sendable, Equatable {
        /// The name of the field as it came, such as `image[]`.
        public var name: String
        /// The file name without any folders; empty where the client gave an empty one.
        public var fileName: String
        /// The `Content-Type` of the part; nil when absent.
        public var contentType: String?
        /// Where the bytes are in the body.
        public var range: Range<Int>
        /// The first bytes, up to `Limits.prefixBytes`, by which a file's format is told.
        public var prefix: [UInt8]

        /// Makes one.
        public init(
            name: String, fileName: String, contentType: String?, range: Range<Int>, prefix: [UInt8]
        ) {
            self.name = name
            self.fileName = fileName
            self.contentType = contentType
            self.range = range
            self.prefix = prefix
        }
    }

    /// What a form may have.
    public struct Limits: Sendable {
        /// Fields and files together.
        public var parts = 128
        /// Header lines of one part, in bytes.
        public var headerBytes = 8 << 10
        /// A field's name, in bytes.
        public var nameBytes = 256
        /// A file's name, in bytes.
        public var fileNameBytes = 1024
        /// A field's value, in bytes.
        public var fieldBytes = 1 << 20
        /// All fields' values together, in bytes.
        public var allFieldBytes = 4 << 20
        /// What is kept of a file's beginning, in bytes: the size of a picture stands within.
        public var prefixBytes = 64 << 10
        /// What is read at once, in bytes.
        public var pieceBytes = 64 << 10

        /// The limits that hold everywhere.
        public init() {}
    }

    /// The fields in the order of the body; a name may come several times.
    public var fields: [Field] = []
    /// The files in the order of the body; a name may come several times.
    public var files: [File] = []

    /// An empty form.
    public init() {}

    /// The boundary in a `Content-Type`; nil when that is no form or has no usable boundary.
    ///
    /// https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1: 1 to 70 characters, of which the last is no space. More of
    /// them are taken than are listed there, for some clients write `*` or `~`.
    public static func boundary(inContentType type: String) -> String? {
        guard let header = HeaderParameters(Array(type.utf8)[...]), header.value == "multipart/form-data",
            let boundary = header["boundary"], (1...70).contains(boundary.count),
            boundary.last != ASCII.space,
            boundary.allSatisfy({ $0 >= ASCII.space && $0 < ASCII.delete && $0 != ASCII.quote })
        else { return nil }
        return String(decoding: boundary, as: UTF8.self)
    }

    /// Reads a form piece by piece; no more than one piece of a file is held at a time.
    ///
    /// - Parameters:
    ///   - count: how many bytes the body has.
    ///   - read: gives a range of the body, exactly.
    /// - Throws: `MultipartError`, or what `read` throws.
    public init<ReadError: Error>(
        boundary: String, count: Int, limits: Limits = Limits(),
        read: (Range<Int>) throws(ReadError) -> [UInt8]
    ) throws {
        var parser = MultipartParser(boundary: boundary, limits: limits)
        var offset = 0
        while offset < count, !parser.isFinished {
            let end = offset + min(count - offset, max(limits.pieceBytes, 1))
            let piece = try read(offset..<end)
            // A body that is shorter than it said.
            guard piece.count == end - offset else { break }
            try parser.feed(piece)
            offset = end
        }
        self = try parser.finish()
    }
}
