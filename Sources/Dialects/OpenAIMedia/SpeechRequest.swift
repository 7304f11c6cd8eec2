public import Wire

/// A request to speak a text: https://platform.openai.com/docs/api-reference/audio/createSpeech
public struct SpeechRequest: Sendable, Equatable {
    /// The model as the client named it; empty when it named none.
    public var model = ""
    /// The text, never empty.
    public var input = ""
    /// The voice as the client named it, OpenAI's or the vendor's own; nil when it named none.
    public var voice: String?
    /// `mp3`, `opus`, `aac`, `flac`, `wav`, `pcm`; nil when the client did not say.
    public var responseFormat: String?
    /// 0.25 to 4; nil when the client did not say.
    public var speed: Double?
    /// Members of the API that steer nothing at 1min.ai (`instructions`), by name.
    public var ignorable: [String] = []
    /// Members that the API does not know: parameters of the model's own, by name.
    public var extras = JSONObject()

    /// An empty request.
    public init() {}

    /// The words for the form of the sound that the API has.
    static let responseFormats = ["mp3", "opus", "aac", "flac", "wav", "pcm"]

    /// Reads the JSON body of `POST /v1/audio/speech`.
    ///
    /// Null means absent, and of duplicates the last counts, as everywhere.
    ///
    /// - Throws: `invalidRequest` that names the member; `unsupported` for `stream_format: "sse"`.
    public static func decode(_ body: [UInt8]) throws(Failure) -> SpeechRequest {
        let object = try JSONObject(
            requestBody: body, maximumDepth: OpenAIChatRequestDecoder.maximumDepth)
        var request = SpeechRequest()
        var seen: Set<String> = []
        let last = object.members.reversed().filter { seen.insert($0.key).inserted && !$0.value.isNull }
        for member in last.reversed() {
            let field = RequestField(member.value, named: member.key)
            guard let key = Key(rawValue: member.key) else {
                request.extras.members.append(member)
                continue
            }
            switch key {
            case .model: request.model = try field.string()
            case .input: request.input = try text(field)
            case .voice: request.voice = try voice(field)
            case .responseFormat: request.responseFormat = try format(field)
            case .speed: request.speed = try field.number(in: 0.25...4)
            case .instructions:
                if try !field.string().isEmpty { request.ignorable.append(key.rawValue) }
            case .streamFormat: try checkStreamFormat(field)
            }
        }
        guard !request.input.isEmpty else {
            throw Failure(
                .invalidRequest, "Missing required parameter: 'input'.", parameter: "input",
                code: "missing_required_parameter")
        }
        return request
    }

    private enum Key: String {
        case model, input, voice, speed, instructions
        case responseFormat = "response_format"
        case streamFormat = "stream_format"
    }

    private static func text(_ field: RequestField) throws(Failure) -> String {
        let text = try field.nonEmptyString()
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw field.invalid("there is no text to speak", code: "empty_string")
        }
        return text
    }

    /// A name, or `{"id": …}` as custom voices have it.
    private static func voice(_ field: RequestField) throws(Failure) -> String {
        if case .object = field.value { return try field.required("id").nonEmptyString() }
        return try field.nonEmptyString()
    }

    private static func format(_ field: RequestField) throws(Failure) -> String {
        let word = try field.string()
        guard responseFormats.contains(word) else {
            throw field.unknownWord(word, known: responseFormats)
        }
        return word
    }

    private static func checkStreamFormat(_ field: RequestField) throws(Failure) {
        switch try field.string() {
        case "audio": break
        case "sse":
            throw Failure(
                .unsupported,
                "'stream_format' of 'sse' is not supported: the sound comes as it is, which 'audio' asks for.",
                parameter: field.path, code: "unsupported_value")
        case let word: throw field.unknownWord(word, known: ["audio", "sse"])
        }
    }
}
