public import Wire

/// Reads requests for pictures.
///
/// Members are those of https://platform.openai.com/docs/api-reference/images (openai-python,
/// `types/image_generate_params.py`, `image_edit_params.py`), null means absent, and what the API does not know is kept
/// as a parameter of the model's own.
public enum OpenAIImageRequestDecoder {
    /// How deeply a body may be nested: no image API has more than a list of objects.
    private static let maximumDepth = 16
    /// How many pictures one answer may have, as in OpenAI's API.
    private static let counts = 1...10
    /// The longest word for a size or a style, in bytes.
    private static let maximumWordBytes = 256

    /// Reads the JSON body of `POST /v1/images/generations`.
    ///
    /// - Throws: `invalidRequest` that names the member; `unsupported` for `stream` and `partial_images`.
    public static func decode(_ body: [UInt8]) throws(Failure) -> ImageRequest {
        let object = try JSONObject(requestBody: body, maximumDepth: maximumDepth)
        var seen: Set<String> = []
        let last = object.members.reversed().filter { seen.insert($0.key).inserted && !$0.value.isNull }
        var request = ImageRequest(.generation)
        for member in last.reversed() {
            try decode(RequestField(member.value, named: member.key), named: member.key, into: &request)
        }
        try requirePrompt(request)
        return request
    }

    /// Reads the form of `POST /v1/images/edits` or `/v1/images/variations`.
    ///
    /// Pictures come as `image`, several as `image[]`; by their bytes PNG, JPEG, GIF or WebP, else refused.
    /// - Throws: as above; a field that may come once and comes twice, an empty file, or no picture, is refused.
    public static func decode(
        _ form: MultipartForm, for purpose: ImageRequest.Purpose
    ) throws(Failure) -> ImageRequest {
        var request = ImageRequest(purpose)
        var seen: Set<String> = []
        for field in form.fields {
            guard seen.insert(field.name).inserted else { throw .givenTwice(field.name) }
            guard !isPicture(field.name), field.name != "mask" else { throw .noFile(field.name) }
            // What a form leaves empty is not given; but no prompt is a prompt that is missing.
            guard !field.value.isEmpty || field.name == "prompt" else { continue }
            let value = Key(rawValue: field.name)?.value(ofText: field.value) ?? .string(field.value)
            try decode(RequestField(value, named: field.name), named: field.name, into: &request)
        }
        try takeFiles(of: form, into: &request)
        if purpose != .variation { try requirePrompt(request) }
        return request
    }

    /// The members of the API.
    private enum Key: String {
        case prompt, model, n, size, quality, style, background, moderation, user, stream
        case outputFormat = "output_format"
        case outputCompression = "output_compression"
        case responseFormat = "response_format"
        case partialImages = "partial_images"
        case inputFidelity = "input_fidelity"
        case safetyIdentifier = "safety_identifier"

        /// The value that the text of a form stands for: a number or a boolean where the API wants one.
        func value(ofText text: String) -> JSONValue {
            switch self {
            case .n, .outputCompression, .partialImages:
                JSONNumber(text: text).map(JSONValue.number) ?? .string(text)
            case .stream: text == "true" || text == "false" ? .bool(text == "true") : .string(text)
            default: .string(text)
            }
        }
    }

    private static func decode(
        _ field: RequestField, named name: String, into request: inout ImageRequest
    ) throws(Failure) {
        guard let key = Key(rawValue: name) else {
            request.extras.members.append(.init(key: name, value: field.value))
            return
        }
        switch key {
        case .prompt: request.prompt = try field.nonEmptyString()
        case .model: request.model = try field.string()
        case .n: request.count = try field.integer(in: counts)
        case .size: request.size = try freeWord(field)
        case .style: request.style = try freeWord(field)
        case .quality: request.quality = try word(field, Quality.self)
        case .background: request.background = try word(field, Background.self)
        case .outputFormat:
            // A common slip that means but one thing.
            request.outputFormat = field.value == "jpg" ? "jpeg" : try word(field, OutputFormat.self)
        case .outputCompression: request.outputCompression = try field.integer(in: 0...100)
        case .responseFormat: request.responseFormat = try field.word(ImageRequest.ResponseFormat.self)
        case .moderation, .user, .inputFidelity, .safetyIdentifier: request.ignorable.append(name)
        case .stream: if try field.boolean() { throw notStreamed(name) }
        case .partialImages: if try field.integer(in: 0...3) > 0 { throw notStreamed(name) }
        }
    }

    private enum Quality: String, CaseIterable { case auto, standard, hd, low, medium, high }
    private enum Background: String, CaseIterable { case auto, transparent, opaque }
    private enum OutputFormat: String, CaseIterable { case png, jpeg, webp }

    /// One of a few words; nil for `auto`.
    private static func word<Word: RawRepresentable & CaseIterable>(
        _ field: RequestField, _ type: Word.Type
    ) throws(Failure) -> String? where Word.RawValue == String {
        let word = try field.word(type).rawValue
        return word == "auto" ? nil : word
    }

    /// A word that the model decides upon; nil for `auto`.
    private static func freeWord(_ field: RequestField) throws(Failure) -> String? {
        let word = try field.nonEmptyString()
        guard word.utf8.count <= maximumWordBytes else {
            throw field.invalid("the string is too long", code: "string_above_max_length")
        }
        return word == "auto" ? nil : word
    }

    private static func notStreamed(_ name: String) -> Failure {
        Failure(
            .unsupported, "'\(name)' is not supported: pictures come whole, not in parts.", parameter: name,
            code: "unsupported_parameter")
    }

    private static func requirePrompt(_ request: ImageRequest) throws(Failure) {
        guard let prompt = request.prompt else { throw .missing("prompt") }
        guard prompt.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw Failure(
                .invalidRequest, "Invalid value for 'prompt': there is no text in the prompt.",
                parameter: "prompt", code: "empty_prompt")
        }
    }
}

// MARK: - Files

extension OpenAIImageRequestDecoder {
    /// How many pictures may come with a request, as in OpenAI's API.
    private static let maximumPictures = 16
    /// What all vendors take; others would fail after they were paid for.
    private static let formats: Set<MediaFormat> = [.png, .jpeg, .gif, .webp]

    private static func isPicture(_ name: String) -> Bool { name == "image" || name == "image[]" }

    private static func takeFiles(of form: MultipartForm, into request: inout ImageRequest) throws(Failure) {
        var isNamed = false
        for (index, file) in form.files.enumerated() {
            switch file.name {
            case "image":
                guard !isNamed else {
                    throw .givenTwice("image", advice: "several pictures are sent as 'image[]'")
                }
                isNamed = true
                try check(file)
                request.pictures.append(index)
            case "image[]":
                try check(file)
                request.pictures.append(index)
            case "mask" where request.purpose == .edit:
                guard request.mask == nil else { throw .givenTwice("mask") }
                try check(file)
                request.mask = index
            default:
                throw Failure(
                    .invalidRequest,
                    "Unknown parameter: '\(file.name.prefix(64))' is no file of this request.",
                    parameter: String(file.name.prefix(64)), code: "unknown_parameter")
            }
        }
        guard let count = Optional(request.pictures.count), count > 0 else { throw .missing("image") }
        let most = request.purpose == .variation ? 1 : maximumPictures
        guard count <= most else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'image': expected at most \(most) pictures, but got \(count).",
                parameter: "image", code: "array_above_max_length")
        }
    }

    private static func check(_ file: MultipartForm.File) throws(Failure) {
        let name = isPicture(file.name) ? "image" : file.name
        guard !file.range.isEmpty else {
            throw Failure(
                .invalidRequest, "Invalid value for '\(name)': the file is empty.", parameter: name,
                code: "empty_file")
        }
        let format = MediaFormat(prefix: file.prefix, fileName: file.fileName)
        guard let format, formats.contains(format) else {
            let found = format.map { "it is \($0.mediaType)" } ?? "its bytes are no picture"
            throw Failure(
                .invalidRequest,
                "Invalid value for '\(name)': expected a PNG, JPEG, GIF or WebP file, but \(found).",
                parameter: name, code: "invalid_image_format")
        }
    }
}

extension Failure {
    fileprivate static func missing(_ name: String) -> Failure {
        Failure(
            .invalidRequest, "Missing required parameter: '\(name)'.", parameter: name,
            code: "missing_required_parameter")
    }

    fileprivate static func noFile(_ name: String) -> Failure {
        Failure(
            .invalidRequest, "Invalid type for '\(name)': expected a file, but the part has no file name.",
            parameter: name, code: "invalid_type")
    }

    fileprivate static func givenTwice(_ name: String, advice: String? = nil) -> Failure {
        let name = String(name.prefix(64))
        return Failure(
            .invalidRequest,
            "Duplicate parameter: '\(name)' is given twice\(advice.map { "; " + $0 } ?? "").",
            parameter: name, code: "duplicate_parameter")
    }
}
