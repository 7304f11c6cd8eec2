import Wire

/// What 1min.ai is asked to speak a text.
public struct OneMinSpeechPlan: Sendable {
    /// The body of the call, `POST /api/features`.
    public let body: [UInt8]
    /// The media type of the sound that comes back, as far as the request decides it.
    ///
    /// `application/octet-stream` where it does not: the bytes tell then (`MediaFormat`).
    public let contentType: String
    /// The parameters that the model cannot express, in the client's spelling.
    public let ignored: [String]

    /// Plans a request.
    ///
    /// A model that has no row gets what the client gave, by the names of `tts-1`.
    ///
    /// - Parameter model: the identifier at 1min.ai.
    /// - Throws: `invalidRequest` or `unsupported` that names the member, and for a voice or format that the model lacks
    ///   lists what it has.
    public init(_ request: SpeechRequest, model: String) throws(Failure) {
        var promptObject = JSONObject()
        var ignored = request.ignorable
        promptObject["text"] = .string(request.input)
        if let row = OneMinSpeechModel.row(model) {
            try Self.check(request.input, for: row, model: model)
            if let voice = try Self.voice(request.voice, of: row, model: model) {
                promptObject[row.voiceMember] = .string(voice)
            }
            contentType = try Self.setFormat(
                request.responseFormat, of: row, model: model, in: &promptObject, ignored: &ignored)
            if let speed = request.speed, let number = JSONNumber(speed) {
                if row.takesSpeed {
                    promptObject["speed"] = .number(number)
                } else if speed != 1 {
                    ignored.append("speed")
                }
            }
            ignored += try row.extras.take(request.extras, into: &promptObject)
        } else {
            contentType =
                request.responseFormat.map { OneMinSpeechModel.Format($0).mediaType }
                ?? OneMinSpeechModel.unknownMediaType
            promptObject["voice"] = request.voice.map(JSONValue.string)
            promptObject["response_format"] = request.responseFormat.map(JSONValue.string)
            promptObject["speed"] = request.speed.flatMap(JSONNumber.init).map(JSONValue.number)
            for extra in request.extras.members where promptObject[extra.key] == nil {
                promptObject[extra.key] = extra.value
            }
        }
        self.ignored = ignored
        let call: JSONValue = [
            "type": "TEXT_TO_SPEECH", "model": .string(model), "promptObject": .object(promptObject),
        ]
        body = call.serialized()
    }

    private static func check(
        _ text: String, for row: OneMinSpeechModel, model: String
    ) throws(Failure) {
        guard let limit = row.maximumCharacters, text.unicodeScalars.count > limit else { return }
        throw Failure(
            .invalidRequest,
            "Invalid value for 'input': the text has \(text.unicodeScalars.count) characters, and \(model) takes at "
                + "most \(limit).",
            parameter: "input", code: "string_above_max_length")
    }

    /// What to send for a voice; the model's first or OpenAI's first where the client names none.
    private static func voice(
        _ name: String?, of row: OneMinSpeechModel, model: String
    ) throws(Failure) -> String? {
        guard let voices = row.voices else { return name }
        let name = name ?? OneMinVoices.openAINames[0]
        if let id = voices.id(name) { return id }
        let own = voices.own.map { "'\($0.name)'" }.joined(separator: ", ")
        let standing = OneMinVoices.openAINames.filter { voices.openAI[$0] != nil }
        let others = standing.map { "'\($0)'" }.joined(separator: ", ")
        throw Failure(
            .invalidRequest,
            "Invalid value for 'voice': '\(name.prefix(64))' is no voice of \(model). It has \(own); each of \(others) "
                + "stands for one of them\(voices.takesIdentifiers ? "; any ElevenLabs voice id is taken" : "").",
            parameter: "voice", code: "invalid_value")
    }

    /// Sets the form of the sound.
    ///
    /// - Returns: its media type.
    private static func setFormat(
        _ name: String?, of row: OneMinSpeechModel, model: String, in promptObject: inout JSONObject,
        ignored: inout [String]
    ) throws(Failure) -> String {
        guard let usual = row.formats.first else {
            if name != nil { ignored.append("response_format") }
            return OneMinSpeechModel.unknownMediaType
        }
        guard let format = name.map({ name in row.formats.first { $0.name == name } }) ?? usual else {
            let list = row.formats.map { "'\($0.name)'" }.joined(separator: ", ")
            throw Failure(
                .invalidRequest,
                "Invalid value for 'response_format': \(model) has no '\(name ?? "")'. Supported values are: \(list).",
                parameter: "response_format", code: "invalid_value")
        }
        if let member = row.formatMember { promptObject[member] = .string(format.word) }
        return format.mediaType
    }

    /// The models and their voices, as a Markdown table for README; made from the rows that the code uses.
    public static var table: String {
        var lines = [
            "| model | voices | OpenAI's voices | `response_format` | `speed` | longest text | more parameters |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in OneMinSpeechModel.all {
            let cells = [
                row.ids.map(code).joined(separator: ", "), own(row.voices), openAI(row.voices),
                row.formats.isEmpty ? "–" : row.formats.map { code($0.name) }.joined(separator: ", "),
                row.takesSpeed ? "yes" : "–", row.maximumCharacters.map(String.init) ?? "–",
                row.extras.isEmpty ? "–" : row.extras.map { code($0.name) }.joined(separator: ", "),
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    private static func own(_ voices: OneMinVoices?) -> String {
        guard let voices else { return "as you write it" }
        let names = voices.own.map { code($0.name) }.joined(separator: ", ")
        return voices.takesIdentifiers ? names + ", or a voice id" : names
    }

    private static func openAI(_ voices: OneMinVoices?) -> String {
        guard let voices else { return "–" }
        return OneMinVoices.openAINames.compactMap { name in
            voices.openAI[name].map { "\(code(name)) → \(code($0))" }
        }.joined(separator: ", ")
    }

    private static func code(_ word: String) -> String { "`\(word)`" }
}
