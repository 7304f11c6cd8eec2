public import Wire

extension TranscriptionRequest {
    /// Reads the form of `POST /v1/audio/transcriptions` or `/v1/audio/translations`.
    ///
    /// An empty field means absent, as HTML forms send them. `language` is taken by both routes, although OpenAI has it for
    /// transcriptions alone: some models want to be told what they translate.
    ///
    /// - Throws: `invalidRequest` that names the member: no file, two files, an empty file, bytes that are no sound;
    ///   `unsupported` for `stream`.
    public static func decode(
        _ form: MultipartForm, for purpose: Purpose
    ) throws(Failure) -> TranscriptionRequest {
        var request = TranscriptionRequest(purpose)
        try request.takeFile(of: form)
        var seen: Set<String> = []
        for field in form.fields where !field.value.isEmpty {
            let name = plainName(field.name)
            if let list = List(rawValue: name) {
                try request.take(field.value, of: list)
                continue
            }
            guard seen.insert(field.name).inserted else {
                throw Failure(
                    .invalidRequest, "Invalid form: '\(name.prefix(64))' is there twice.",
                    parameter: String(name.prefix(64)), code: "duplicate_parameter")
            }
            if let key = Key(rawValue: name) {
                try request.take(RequestField(.string(field.value), named: name), as: key)
            } else {
                request.extras.members.append(
                    JSONObject.Member(key: field.name, value: .string(field.value)))
            }
        }
        try request.checkGranularities()
        return request
    }

    private enum Key: String {
        case model, language, prompt, temperature, stream
        case responseFormat = "response_format"
        case chunkingStrategy = "chunking_strategy"
    }

    /// The members that are lists: `name[]` several times, or `name`.
    private enum List: String {
        case granularities = "timestamp_granularities"
        case include
        case speakerNames = "known_speaker_names"
        case speakerReferences = "known_speaker_references"
    }

    /// The name without what follows its bracket: `include[]`, `chunking_strategy[type]`.
    private static func plainName(_ name: String) -> String {
        String(name.utf8.prefix { $0 != UInt8(ascii: "[") }) ?? name
    }

    private mutating func takeFile(of form: MultipartForm) throws(Failure) {
        let found = form.files.indices.filter { form.files[$0].name == "file" }
        guard let first = found.first else {
            let isText = form.fields.contains { $0.name == "file" }
            throw Failure(
                .invalidRequest,
                isText
                    ? "Invalid value for 'file': it has no file name, so it is no file."
                    : "Missing required parameter: 'file'.",
                parameter: "file", code: isText ? "invalid_type" : "missing_required_parameter")
        }
        guard found.count == 1, form.files.count == 1 else {
            throw Failure(
                .invalidRequest, "Invalid form: one file is taken, but there are \(form.files.count).",
                parameter: "file", code: "duplicate_parameter")
        }
        file = first
        let sound = form.files[first]
        guard !sound.range.isEmpty else {
            throw Failure(
                .invalidRequest, "Invalid value for 'file': the file is empty.", parameter: "file",
                code: "empty_file")
        }
        let told = MediaFormat(prefix: sound.prefix, fileName: sound.fileName)
        guard let told, told.kind == .audio else {
            let what = told.map { "its bytes are \($0.rawValue)" } ?? "its bytes are none that are known"
            throw Failure(
                .invalidRequest, "Invalid value for 'file': this is no sound, \(what).", parameter: "file",
                code: "invalid_file_format")
        }
        format = told
    }

    private mutating func take(_ field: RequestField, as key: Key) throws(Failure) {
        switch key {
        case .model: model = try field.string()
        case .prompt: prompt = try field.string()
        case .language: language = try Self.language(field)
        case .responseFormat: responseFormat = try format(field)
        case .temperature: temperature = try Self.number(field).number(in: 0...1)
        case .stream:
            // "0" and "False" are what some form builders make of false.
            guard ["false", "0"].contains(try field.string().lowercased()) else {
                throw Failure(
                    .unsupported, "'stream' is not supported: the text comes in one piece.",
                    parameter: field.path, code: "unsupported_parameter")
            }
        case .chunkingStrategy: ignore(key.rawValue)
        }
    }

    private mutating func take(_ value: String, of list: List) throws(Failure) {
        switch list {
        case .granularities:
            let field = RequestField(.string(value), named: list.rawValue)
            guard ["word", "segment"].contains(value) else {
                throw field.unknownWord(value, known: ["word", "segment"])
            }
            if !granularities.contains(value) { granularities.append(value) }
        case .include, .speakerNames, .speakerReferences: ignore(list.rawValue)
        }
    }

    private mutating func ignore(_ name: String) {
        if !ignorable.contains(name) { ignorable.append(name) }
    }

    private func format(_ field: RequestField) throws(Failure) -> ResponseFormat {
        let known = ResponseFormat.allCases.filter { purpose == .transcription || $0 != .diarizedJSON }
        let word = try field.string()
        guard let format = ResponseFormat(rawValue: word), known.contains(format) else {
            throw field.unknownWord(word, known: known.map(\.rawValue))
        }
        return format
    }

    private static func language(_ field: RequestField) throws(Failure) -> String {
        let word = try field.string()
        guard word.utf8.count <= maximumLanguageBytes,
            word.utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") })
        else {
            throw field.invalid("'\(word.prefix(64))' is no code of a language, such as 'en' or 'en-US'")
        }
        return word
    }

    /// The number that a field of a form spells.
    private static func number(_ field: RequestField) -> RequestField {
        guard let text = field.value.stringValue, let number = JSONNumber(text: text) else { return field }
        return RequestField(.number(number), named: field.path)
    }

    private func checkGranularities() throws(Failure) {
        guard !granularities.isEmpty, responseFormat != .verboseJSON else { return }
        throw Failure(
            .invalidRequest,
            "Invalid value for 'timestamp_granularities': times come with 'response_format' of 'verbose_json' only.",
            parameter: "timestamp_granularities", code: "invalid_value")
    }

    /// The longest tag that https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1 reckons with.
    private static let maximumLanguageBytes = 35
}
