/// A body on its way: collected within its limit, in memory or, where it is long and a form, in a file.
public struct ArrivingBody: ~Copyable {
    /// What came of it.
    public struct Result: Sendable {
        /// The body where it is in memory; empty otherwise.
        public var bytes: [UInt8] = []
        /// The body where it is in a file.
        public var file: SpoolFile?
        /// Why there is none.
        public var problem: Request.BodyProblem?
        /// What the system said when the body could not be kept.
        public var failure: SpoolFile.Failure?

        /// No body.
        public init(problem: Request.BodyProblem) {
            self.problem = problem
        }

        init() {}
    }

    private let limit: Int
    /// Where a file may be made; nil where the body stays in memory.
    private let directory: String?
    /// Its bytes are what the file, if there is one, does not have yet.
    private var result = Result()

    /// Longer bodies go into a file, in bytes. What fits arrives at once as a rule, and never sees a thread.
    public static let maximumBytesInMemory = RequestScan.maximumBytes
    /// What is written to a file at once: libfcgi hands over 8 KiB at most.
    private static let writeBytes = 64 * 1024
    /// Room made before anything has come, in bytes: what is announced is not believed further than this.
    private static let maximumRoom = 1 << 20

    /// Makes an empty one.
    ///
    /// - Parameters:
    ///   - expected: `CONTENT_LENGTH`, used to make room at once, up to 1 MiB ahead of what came.
    ///   - limit: bytes.
    ///   - contentType: `CONTENT_TYPE`. Forms carry files, so they may be put down in one; all else is read in memory.
    ///   - directory: where.
    public init(expected: Int?, limit: Int, contentType: String?, directory: String) {
        self.limit = limit
        let isForm = contentType.map(Self.isForm) ?? false
        self.directory = isForm ? directory : nil
        let room = isForm ? Self.maximumBytesInMemory : Self.maximumRoom
        result.bytes.reserveCapacity(min(max(0, expected ?? 0), limit, room))
        if (expected ?? 0) > limit { result = Result(problem: .tooLarge(limit: limit)) }
    }

    /// Whether a content type is `multipart/…`, in any case and behind any spaces.
    static func isForm(_ contentType: String) -> Bool {
        contentType.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .prefix(formPrefix.count).elementsEqual(formPrefix) { byte, letter in
                byte == letter || byte | 0x20 == letter
            }
    }

    private static let formPrefix = Array("multipart/".utf8)

    /// Takes what came; only reads past it when that is over the limit or cannot be kept.
    public mutating func append(_ piece: Span<UInt8>) {
        guard result.problem == nil else { return }
        guard (result.file?.count ?? 0) + result.bytes.count + piece.count <= limit else {
            result = Result(problem: .tooLarge(limit: limit))
            return
        }
        unsafe piece.withUnsafeBufferPointer { unsafe result.bytes.append(contentsOf: $0) }
        guard let directory else { return }
        let bytesKept = result.file == nil ? Self.maximumBytesInMemory : Self.writeBytes
        if result.bytes.count > bytesKept { moveIntoFile(in: directory) }
    }

    private mutating func moveIntoFile(in directory: String) {
        do throws(SpoolFile.Failure) {
            let file = if let file = result.file { file } else { try SpoolFile(in: directory) }
            try file.append(result.bytes.span)
            result.file = file
            result.bytes.removeAll(keepingCapacity: true)
        } catch {
            result = Result(problem: .notKept)
            result.failure = error
        }
    }

    /// What came of it, when all has come.
    public consuming func complete() -> Result {
        if let directory, result.file != nil { moveIntoFile(in: directory) }
        if result.file != nil { result.bytes = [] }
        return result
    }
}
