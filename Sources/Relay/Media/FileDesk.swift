import Dialects
import Wire

/// Answers requests about files that the relay keeps for callers, in the words of OpenAI's API or of Anthropic's.
///
/// https://platform.openai.com/docs/api-reference/files and https://docs.claude.com/en/api/files-create
struct FileDesk: Sendable {
    /// The store, the clock, unpredictable numbers, and where what is long is read.
    let ports: Ports
    /// How long a file is kept at most; nil for as long as its caller wants.
    let retention: Duration?
    /// Whether the client speaks Anthropic's dialect.
    let isAnthropic: Bool

    private var store: any FileStore { ports.files }

    /// The body of the answer to `GET`, `HEAD` and `DELETE` of `/v1/files` (`id` is nil) and `/v1/files/{id}`.
    ///
    /// - Throws: what the client is told; what is another caller's is not found.
    func answer(_ request: StoredRequest, about id: String?) async throws(Failure) -> [UInt8] {
        guard let id else { return try await list(request) }
        guard request.method == "DELETE" else { return body(of: try await file(id, request.credential)) }
        let wasThere = try await ask { store async throws(StoreError) in
            try await store.deleteFile(id, for: request.credential)
        }
        guard wasThere else { throw notFound(id) }
        return isAnthropic ? AnthropicFileObjects.deleted(id: id) : OpenAIFileObjects.deleted(id: id)
    }

    /// Keeps the file of a form.
    ///
    /// - Parameter content: gives a range of the form's body.
    /// - Returns: the body of the answer to `POST /v1/files`, and the names of fields that mean nothing.
    func save(
        form: MultipartForm, content: (Range<Int>) -> FileContent, credential: String
    ) async throws(Failure) -> (body: [UInt8], ignored: [String]) {
        let request =
            isAnthropic
            ? try FileUploadRequest.decode(anthropic: form) : try FileUploadRequest.decode(openAI: form)
        // Before anything is read, for it would be read for nothing.
        guard store.isConfigured else { throw Self.keepsNone }
        let content = content(request.file.range)
        let hash = try await ports.offload.run { () throws(Failure) in
            do throws(ByteSourceError) {
                return try content.sha256()
            } catch {
                throw Failure(.overloaded, "The relay cannot read the request body at present.")
            }
        }
        let created = ports.clock.unixTime().seconds
        let lifetimes = [request.lifetime, retention.map { Int($0.components.seconds) }].compactMap(\.self)
        let file = StoredFile(
            id: Identifier.make("file-", ports.random),
            name: Self.name(of: request.file), purpose: request.purpose,
            mediaType: Self.mediaType(of: request.file), count: content.count, hash: hash, created: created,
            expires: lifetimes.min().map { created + $0 })
        try await ask { store async throws(StoreError) in
            try await store.save(file, content: content, for: credential)
        }
        return (body(of: file), request.ignored)
    }

    /// A file and its bytes, for whoever names it: `GET /v1/files/{id}/content`, or a part of a chat.
    ///
    /// - Parameter place: the member of the request to blame; nil where the path names the file.
    func content(
        _ id: String, credential: String, at place: String? = nil
    ) async throws(Failure) -> (file: StoredFile, bytes: any ByteSource) {
        do throws(Failure) {
            let file = try await file(id, credential)
            let bytes = try await ask { store async throws(StoreError) in
                try await store.content(id, for: credential)
            }
            guard let bytes else { throw notFound(id) }
            return (file, bytes)
        } catch {
            guard let place else { throw error }
            var failure = error
            failure.parameter = place
            throw failure
        }
    }

    private func file(_ id: String, _ credential: String) async throws(Failure) -> StoredFile {
        let file = try await ask { store async throws(StoreError) in
            try await store.file(id, for: credential)
        }
        guard let file else { throw notFound(id) }
        return file
    }

    // MARK: Lists

    private func list(_ request: StoredRequest) async throws(Failure) -> [UInt8] {
        if isAnthropic { return try await anthropicList(request) }
        let page = try OpenAIFilePage(query: request.query)
        let list = try await files(
            page.purpose,
            StoredPage(
                after: page.after, limit: page.limit, order: page.isAscending ? .oldestFirst : .newestFirst),
            request, "after")
        return OpenAIFileObjects.list(list.files.map(FileObject.init), hasMore: list.hasMore)
    }

    /// The newest files come first; a page that is counted from its end is one of the other order, turned around.
    private func anthropicList(_ request: StoredRequest) async throws(Failure) -> [UInt8] {
        let query = try AnthropicFileQuery(query: request.query)
        let page = query.page
        if query.hasScope { return AnthropicFileObjects.list([], hasMore: false, page: page) }
        if let ids = query.ids {
            var found: [StoredFile] = []
            for id in ids {
                let file = try await ask { store async throws(StoreError) in
                    try await store.file(id, for: request.credential)
                }
                if let file { found.append(file) }
            }
            return AnthropicFileObjects.list(found.map(FileObject.init), hasMore: false, page: page)
        }
        let isBackwards = page.goesBackwards
        let list = try await files(
            nil,
            StoredPage(
                after: page.beforeID ?? page.afterID, limit: page.limit,
                order: isBackwards ? .oldestFirst : .newestFirst),
            request, isBackwards ? "before_id" : "after_id")
        let files = isBackwards ? list.files.reversed() : list.files
        return AnthropicFileObjects.list(files.map(FileObject.init), hasMore: list.hasMore, page: page)
    }

    private func files(
        _ purpose: String?, _ page: StoredPage, _ request: StoredRequest, _ parameter: String
    ) async throws(Failure) -> StoredFileList {
        try await ask(parameter) { store async throws(StoreError) in
            try await store.files(purpose: purpose, page: page, for: request.credential)
        }
    }

    private func body(of file: StoredFile) -> [UInt8] {
        isAnthropic ? AnthropicFileObjects.file(FileObject(file)) : OpenAIFileObjects.file(FileObject(file))
    }

    // MARK: Failures

    private static let keepsNone = Failure(
        .objectNotFound, "This relay keeps no files: send them within the request that they are for.")

    private func notFound(_ id: String) -> Failure {
        isAnthropic ? AnthropicFileObjects.notFound(id) : OpenAIFileObjects.notFound(id)
    }

    private func ask<Value: Sendable>(
        _ parameter: String = "after", _ question: (any FileStore) async throws(StoreError) -> Value
    ) async throws(Failure) -> Value {
        guard store.isConfigured else { throw Self.keepsNone }
        do throws(StoreError) {
            return try await question(store)
        } catch {
            throw Self.failure(error, parameter)
        }
    }

    private static func failure(_ error: StoreError, _ parameter: String) -> Failure {
        switch error {
        case .unavailable: Failure(.overloaded, "The relay's store of files cannot be used at present.")
        case .full:
            Failure(
                .invalidRequest,
                "There is no room for this file: delete some that are not needed any more.",
                code: "storage_limit_exceeded")
        case .tooLarge:
            Failure(.requestTooLarge, "This file is larger than all files of one caller may be together.")
        case .unknownItem:
            Failure(
                .invalidRequest, "Invalid value for '\(parameter)': there is no such file.",
                parameter: parameter, code: "invalid_value")
        }
    }

    // MARK: Names and media types

    /// As Anthropic names what has no name.
    private static func name(of file: MultipartForm.File) -> String {
        guard file.fileName.isEmpty else { return file.fileName }
        let format = MediaFormat(prefix: file.prefix)
        return format.map { "unnamed.\($0.fileExtension)" } ?? "unnamed"
    }

    /// By the bytes where they tell, else as the client says.
    private static func mediaType(of file: MultipartForm.File) -> String {
        if let format = MediaFormat(prefix: file.prefix, fileName: file.fileName), !format.mediaType.isEmpty {
            return format.mediaType
        }
        guard let type = file.contentType, isPlain(type) else { return "application/octet-stream" }
        return type
    }

    /// Whether a media type can stand in a header of an answer: `type/subtype` without parameters.
    private static func isPlain(_ type: String) -> Bool {
        let halves = type.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard halves.count == 2, type.utf8.count <= 127 else { return false }
        return halves.allSatisfy { half in
            !half.isEmpty
                && half.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                        UInt8(ascii: "."), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }
}

extension FileObject {
    fileprivate init(_ file: StoredFile) {
        self.init(
            id: file.id, name: file.name, purpose: file.purpose, mediaType: file.mediaType, count: file.count,
            created: file.created, expires: file.expires)
    }
}
