import Wire

/// Writes the objects of Anthropic's Files API.
///
/// https://docs.claude.com/en/api/files-list; the grammar is that of anthropic 2.12.0, `types/file_metadata.py`.
public enum AnthropicFileObjects {
    /// The body of `POST /v1/files` and `GET /v1/files/{id}`.
    public static func file(_ file: FileObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.anthropicFile(file)
        return writer.bytes
    }

    /// The body of `GET /v1/files`: a page of files in its order.
    ///
    /// Earlier SDKs go on with `after_id`, later ones with `page`, whose value is in `next_page`.
    /// - Parameter hasMore: whether others come behind them, or before them on a page that is counted from its end.
    public static func list(_ files: [FileObject], hasMore: Bool, page: AnthropicPage) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + files.count * 256)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for file in files { writer.anthropicFile(file) }
        writer.endArray()
        writer.key("first_id")
        writer.stringOrNull(files.first?.id)
        writer.key("last_id")
        writer.stringOrNull(files.last?.id)
        writer.key("has_more")
        writer.bool(hasMore)
        writer.key("next_page")
        let isLast = !hasMore || page.goesBackwards
        writer.stringOrNull(isLast ? nil : files.last.map { AnthropicPage.cursorPrefix + $0.id })
        writer.endObject()
        return writer.bytes
    }

    /// The body of `DELETE /v1/files/{id}`.
    public static func deleted(id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("type")
        writer.string("file_deleted")
        writer.endObject()
        return writer.bytes
    }

    /// The complaint that there is no such file, or none of the caller's.
    public static func notFound(_ id: String) -> Failure {
        Failure(.objectNotFound, "File not found: \(id.prefix(128))")
    }
}

extension JSONWriter {
    fileprivate mutating func anthropicFile(_ file: FileObject) {
        beginObject()
        key("type")
        string("file")
        key("id")
        string(file.id)
        key("filename")
        string(file.name)
        key("mime_type")
        string(file.mediaType)
        key("size_bytes")
        int(file.count)
        key("created_at")
        string(CivilTime.iso8601(seconds: file.created))
        key("expires_at")
        stringOrNull(file.expires.map(CivilTime.iso8601))
        // Anthropic gives out only what its tools made; here callers get back what is theirs.
        key("downloadable")
        bool(true)
        endObject()
    }
}
