public import Wire

/// A request to keep a file: https://platform.openai.com/docs/api-reference/files/create, and
/// https://docs.claude.com/en/api/files-create
public struct FileUploadRequest: Sendable, Equatable {
    /// The file of the form.
    public var file: MultipartForm.File
    /// What it is for.
    public var purpose: String
    /// After how many seconds it goes away; nil where the client did not say.
    public var lifetime: Int?
    /// Fields that the API does not know, by name.
    public var ignored: [String] = []

    /// The purposes of `POST /v1/files` (openai 3.52.0, `types/file_purpose.py`).
    enum Purpose: String, CaseIterable {
        case assistants, batch
        case fineTune = "fine-tune"
        case vision
        case userData = "user_data"
        case evals
    }

    /// The least and the most that a client may ask for, in seconds: `expires_after` of OpenAI's API.
    static let lifetimes = 3600...2_592_000
    /// The same of Anthropic's API: `expires_in_seconds` (anthropic 2.12.0, `types/file_upload_params.py`).
    static let anthropicLifetimes = 3600...7_776_000

    /// Reads OpenAI's form.
    ///
    /// - Throws: `invalidRequest` that names the field: no file, two files, an empty one, no or another purpose.
    public static func decode(openAI form: MultipartForm) throws(Failure) -> FileUploadRequest {
        let file = try file(of: form)
        guard let purpose = try field("purpose", of: form) else { throw missing("purpose") }
        let word = try purpose.word(Purpose.self)
        let anchor = try field("expires_after[anchor]", of: form)
        let seconds = try field("expires_after[seconds]", of: form)
        var lifetime: Int?
        if let seconds {
            guard let anchor else { throw missing("expires_after[anchor]") }
            _ = try anchor.word(Anchor.self)
            lifetime = try integer(seconds, "expires_after[seconds]", lifetimes)
        } else if anchor != nil {
            throw missing("expires_after[seconds]")
        } else if word == .batch {
            // The API's default for this purpose alone.
            lifetime = lifetimes.upperBound
        }
        return FileUploadRequest(
            file: file, purpose: word.rawValue, lifetime: lifetime,
            ignored: others(form, than: ["purpose", "expires_after[anchor]", "expires_after[seconds]"]))
    }

    /// Reads Anthropic's form, which knows no purposes.
    ///
    /// - Throws: `invalidRequest` that names the field: no file, two files, an empty one.
    public static func decode(anthropic form: MultipartForm) throws(Failure) -> FileUploadRequest {
        let file = try file(of: form)
        let lifetime = try field("expires_in_seconds", of: form)
        return FileUploadRequest(
            file: file, purpose: Purpose.userData.rawValue,
            lifetime: try lifetime.map { (field) throws(Failure) in
                try integer(field, "expires_in_seconds", anthropicLifetimes)
            }, ignored: others(form, than: ["expires_in_seconds"]))
    }

    private enum Anchor: String, CaseIterable {
        case createdAt = "created_at"
    }

    private static func file(of form: MultipartForm) throws(Failure) -> MultipartForm.File {
        let files = form.files.filter { $0.name == "file" }
        guard let file = files.first else {
            if form.fields.contains(where: { $0.name == "file" }) {
                throw invalid("file", "expected a file, which has a file name", code: "invalid_type")
            }
            throw missing("file")
        }
        guard files.count == 1 else {
            throw invalid("file", "expected one file, but got \(files.count)", code: "duplicate_parameter")
        }
        guard !file.range.isEmpty else { throw invalid("file", "the file is empty", code: "empty_file") }
        return file
    }

    /// The only field of a name; nil when there is none.
    private static func field(_ name: String, of form: MultipartForm) throws(Failure) -> RequestField? {
        let fields = form.fields.filter { $0.name == name }
        guard fields.count < 2 else {
            throw invalid(name, "it is given \(fields.count) times", code: "duplicate_parameter")
        }
        return fields.first.map { RequestField(.string($0.value), named: name) }
    }

    /// A number, which a form has as text.
    private static func integer(
        _ field: RequestField, _ name: String, _ range: ClosedRange<Int>
    ) throws(Failure) -> Int {
        let text = try field.string()
        let number = JSONNumber(text: text).map { JSONValue.number($0) } ?? .string(text)
        return try RequestField(number, named: name).integer(in: range)
    }

    private static func others(_ form: MultipartForm, than known: [String]) -> [String] {
        let names = form.fields.map(\.name).filter { !known.contains($0) }
        return names + form.files.map(\.name).filter { $0 != "file" }
    }

    private static func missing(_ name: String) -> Failure {
        Failure(
            .invalidRequest, "Missing required parameter: '\(name)'.", parameter: name,
            code: "missing_required_parameter")
    }

    private static func invalid(_ name: String, _ reason: String, code: String) -> Failure {
        Failure(.invalidRequest, "Invalid value for '\(name)': \(reason).", parameter: name, code: code)
    }
}
