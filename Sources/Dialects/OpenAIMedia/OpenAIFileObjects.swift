import Wire

/// Writes the objects of OpenAI's Files API.
///
/// https://platform.openai.com/docs/api-reference/files; the grammar is that of openai 3.52.0, `types/file_object.py`.
public enum OpenAIFileObjects {
    /// The body of `POST /v1/files` and `GET /v1/files/{id}`.
    public static func file(_ file: FileObject) -> [UInt8] {
        var writer = JSONWriter()
        writer.openAIFile(file)
        return writer.bytes
    }

    /// The body of `GET /v1/files`: a page of files in its order.
    ///
    /// - Parameter hasMore: whether others come after them.
    public static func list(_ files: [FileObject], hasMore: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + files.count * 256)
        writer.beginObject()
        writer.key("object")
        writer.string("list")
        writer.key("data")
        writer.beginArray()
        for file in files { writer.openAIFile(file) }
        writer.endArray()
        writer.key("first_id")
        writer.stringOrNull(files.first?.id)
        writer.key("last_id")
        writer.stringOrNull(files.last?.id)
        writer.key("has_more")
        writer.bool(hasMore)
        writer.endObject()
        return writer.bytes
    }

    /// The body of `DELETE /v1/files/{id}`.
    public static func deleted(id: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("object")
        writer.string("file")
        writer.key("deleted")
        writer.bool(true)
        writer.endObject()
        return writer.bytes
    }

    /// The complaint that there is no such file, or none of the caller's.
    public static func notFound(_ id: String) -> Failure {
        Failure(.objectNotFound, "No such File object: \(id.prefix(128))", parameter: "id")
    }
}

extension JSONWriter {
    fileprivate mutating func openAIFile(_ file: FileObject) {
        beginObject()
        key("id")
        string(file.id)
        key("object")
        string("file")
        key("bytes")
        int(file.count)
        key("created_at")
        int(file.created)
        key("expires_at")
        if let expires = file.expires { int(expires) } else { null() }
        key("filename")
        string(file.name)
        key("purpose")
        string(file.purpose)
        // A file is there as a whole or not at all.
        key("status")
        string("processed")
        key("status_details")
        null()
        endObject()
    }
}
