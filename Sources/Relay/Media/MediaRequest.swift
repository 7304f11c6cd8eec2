import Dialects
import Wire

/// A request about pictures, sound or files, as far as its head tells.
struct MediaRequest: Sendable {
    /// What is asked for.
    let route: Route
    /// The method.
    let method: String
    /// What follows the `?`.
    let query: String
    /// The `Content-Type`.
    let contentType: String?
    /// The body, in memory or not.
    let body: FileContent
    /// The caller's key.
    let credential: String

    /// Whether it brings a file to be kept.
    var keepsFile: Bool { route == .files && method == "POST" }

    /// Takes over a request.
    ///
    /// - Throws: the failure for a body that is too large, incomplete, late, or compressed.
    init(
        _ request: borrowing ClientRequest, _ route: Route, _ credential: String,
        _ limits: Configuration.Limits
    ) throws(Failure) {
        self.route = route
        method = request.method
        query = request.query
        contentType = request.contentType
        self.credential = credential
        switch route {
        case .imageGenerations, .speech:
            body = .bytes(try RequestBody.json(of: copy request, maximumBytes: limits.bodyBytes))
        default: body = try RequestBody.content(of: copy request, maximumBytes: limits.bodyBytes)
        }
    }

    /// A form, and where its files are.
    struct Form: Sendable {
        /// Its fields and files.
        let form: MultipartForm
        /// The body that the files are ranges of.
        let body: FileContent

        /// The bytes of a file, by its index.
        func content(_ index: Int) -> FileContent { content(form.files[index].range) }

        /// The bytes of a range of the body.
        func content(_ range: Range<Int>) -> FileContent {
            switch body {
            case .bytes(let bytes): .bytes(Array(bytes[range]))
            case .source(let source, let whole):
                .source(source, whole.lowerBound + range.lowerBound..<whole.lowerBound + range.upperBound)
            }
        }
    }

    /// Reads the body as a form, away from the loop.
    ///
    /// - Throws: what is wrong with it, for the client.
    func form(_ offload: any Offload) async throws(Failure) -> Form {
        guard let contentType, let boundary = MultipartForm.boundary(inContentType: contentType) else {
            throw Failure(
                .unsupportedMediaType,
                "The content type has to be multipart/form-data with a boundary.")
        }
        let body = body
        return try await offload.run { () throws(Failure) in
            do {
                let form = try MultipartForm(boundary: boundary, count: body.count) {
                    (range) throws(ByteSourceError) in try body.read(range)
                }
                return Form(form: form, body: body)
            } catch let error as MultipartError {
                throw Failure(.invalidRequest, error.message, code: "invalid_form")
            } catch {
                throw Failure(.internalError, "The relay cannot read the request body.")
            }
        }
    }

    /// The body of a request that is no form.
    func json() throws(Failure) -> [UInt8] {
        if case .bytes(let bytes) = body { return bytes }
        throw Failure(.unsupportedMediaType, "The content type has to be application/json.")
    }
}
