import Wire

/// What 1min.ai is asked to write down what is said.
///
/// Made before anything is uploaded: whatever is wrong with the request for this model is told here.
public struct OneMinTranscriptionPlan: Sendable {
    /// The parameters that the model cannot express, in the client's spelling.
    public let ignored: [String]
    /// The form that the client gets.
    let format: TranscriptionRequest.ResponseFormat
    private let feature: String
    private let model: String
    /// All but the sound.
    private let promptObject: JSONObject

    /// Plans a request.
    ///
    /// A model that has no row gets what the client gave, by OpenAI's names, and is trusted with plain text alone.
    ///
    /// - Parameters:
    ///   - model: the identifier at 1min.ai.
    ///   - byteCount: of the sound, for the models that have a limit.
    /// - Throws: `invalidRequest` or `unsupported` that names the member: a format, size or response format that the
    ///   model cannot do, with what it can.
    public init(_ request: TranscriptionRequest, model: String, byteCount: Int) throws(Failure) {
        self.model = model
        feature = request.purpose == .transcription ? "SPEECH_TO_TEXT" : "AUDIO_TRANSLATOR"
        format = request.responseFormat ?? .json
        let known = OneMinTranscriptionModel.row(model, for: request.purpose)
        let row = known ?? OneMinTranscriptionModel(ids: [], sounds: MediaFormat.allCases)
        try Self.check(request, byteCount: byteCount, for: row, model: model)
        var object = JSONObject()
        var ignored = request.ignorable
        if known != nil {
            try Self.setLanguage(request, of: row, model: model, in: &object, ignored: &ignored)
            if row.isSteered {
                object["prompt"] = request.prompt.map(JSONValue.string)
                object["temperature"] = request.temperature.flatMap(JSONNumber.init).map(JSONValue.number)
            } else {
                if request.prompt != nil { ignored.append("prompt") }
                // 0 is what these do anyway.
                if let temperature = request.temperature, temperature != 0 { ignored.append("temperature") }
            }
            ignored += try row.extras.take(request.extras, into: &object)
        } else {
            object["language"] = request.language.map(JSONValue.string)
            object["prompt"] = request.prompt.map(JSONValue.string)
            object["temperature"] = request.temperature.flatMap(JSONNumber.init).map(JSONValue.number)
            for extra in request.extras.members where object[extra.key] == nil && extra.key != Self.sound {
                object[extra.key] = extra.value
            }
        }
        switch row.sentFormat {
        case .asAsked: object["response_format"] = .string(format.rawValue)
        case .text: object["response_format"] = "text"
        case nil: break
        }
        self.ignored = ignored
        promptObject = object
    }

    /// The body of the call, `POST /api/features`.
    ///
    /// - Parameter audio: the asset path of the sound.
    public func body(audio: String) -> [UInt8] {
        let sound = JSONObject.Member(key: Self.sound, value: .string(audio))
        let call: JSONValue = [
            "type": .string(feature), "model": .string(model),
            "promptObject": .object(JSONObject([sound] + promptObject.members)),
        ]
        return call.serialized()
    }

    /// The member that names the sound.
    private static let sound = "audioUrl"

    private static func check(
        _ request: TranscriptionRequest, byteCount: Int, for row: OneMinTranscriptionModel, model: String
    ) throws(Failure) {
        guard row.sounds.contains(request.format) else {
            let list = row.sounds.map(\.rawValue).joined(separator: ", ")
            throw Failure(
                .invalidRequest,
                "Invalid value for 'file': \(model) does not take \(request.format.rawValue). It takes \(list).",
                parameter: "file", code: "invalid_file_format")
        }
        guard byteCount <= row.maximumBytes else {
            throw Failure(
                .requestTooLarge,
                "The file has \(byteCount) bytes; \(model) takes at most \(row.maximumBytes) "
                    + "(\(row.maximumBytes >> 20) MiB).",
                parameter: "file")
        }
        let format = request.responseFormat ?? .json
        guard row.responseFormats.contains(format) else {
            let others = OneMinTranscriptionModel.ids(giving: format, for: request.purpose)
            let own = row.responseFormats.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            let hint =
                others.isEmpty
                ? "No model of 1min.ai gives it"
                : "It is to be had of \(others.joined(separator: ", "))"
            throw Failure(
                .unsupported,
                "'response_format' of '\(format.rawValue)' is not supported for \(model), which gives \(own). \(hint).",
                parameter: "response_format", code: "unsupported_value")
        }
        // Without being asked whisper gives segments, and 1min.ai has no member to ask for words.
        guard !request.granularities.contains("word") else {
            throw Failure(
                .unsupported,
                "'timestamp_granularities' of 'word' is not supported: 1min.ai gives the times of segments only.",
                parameter: "timestamp_granularities", code: "unsupported_value")
        }
    }

    private static func setLanguage(
        _ request: TranscriptionRequest, of row: OneMinTranscriptionModel, model: String,
        in object: inout JSONObject, ignored: inout [String]
    ) throws(Failure) {
        switch row.language {
        case .none:
            if request.language != nil { ignored.append("language") }
        case .code:
            object["language"] = request.language.map { .string(SpokenLanguage.code($0)) }
        case .tag:
            let language = request.language ?? SpokenLanguage.usualTag
            guard let tag = SpokenLanguage.tag(language) else {
                throw Failure(
                    .invalidRequest,
                    "Invalid value for 'language': \(model) wants '\(language)' with a region, such as 'en-US'.",
                    parameter: "language", code: "invalid_value")
            }
            object["language"] = .string(tag)
        case .pair:
            // The page gives no words for languages. The models understand any, so a code goes as it is, and `auto` tells
            // one to find out; members of these names overrule both.
            object["originalLanguage"] = .string(request.language ?? "auto")
            object["targetLanguage"] = "English"
        }
    }

    /// The models and what each takes, as a Markdown table for README; made from the rows that the code uses.
    public static var table: String {
        var lines = [
            "| model | route | sounds | at most | `response_format` | `language` | more parameters |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in OneMinTranscriptionModel.all {
            let steering = row.isSteered ? ["prompt", "temperature"] : []
            let more = (steering + row.extras.map(\.name)).map { "`\($0)`" }
            let cells = [
                row.ids.map { row.isFamily ? "`\($0)…`" : "`\($0)`" }.joined(separator: ", "),
                row.purpose == .transcription ? "transcriptions" : "translations",
                row.sounds.map(\.rawValue).joined(separator: ", "), "\(row.maximumBytes >> 20) MiB",
                row.responseFormats.map { "`\($0.rawValue)`" }.joined(separator: ", "),
                words(for: row.language), more.isEmpty ? "–" : more.joined(separator: ", "),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private static func words(for language: OneMinTranscriptionModel.Language) -> String {
        switch language {
        case .none: "–"
        case .code: "`en`; absent, it finds out"
        case .tag: "`en-US`, also for `en` and absent"
        case .pair: "what is spoken; absent, it finds out"
        }
    }
}
