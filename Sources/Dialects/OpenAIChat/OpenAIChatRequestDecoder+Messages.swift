import Wire

extension OpenAIChatRequestDecoder {
    /// Reads `messages`, all six roles of them.
    static func turns(_ field: RequestField) throws(Failure) -> [Turn] {
        let messages = try field.elements(expected: "an array of objects")
        guard !messages.isEmpty else {
            throw field.invalid("expected at least one message, but the array is empty", code: "empty_array")
        }
        var turns: [Turn] = []
        turns.reserveCapacity(messages.count)
        for message in messages {
            _ = try message.object()
            var turn = try turn(message)
            turn.origin = message.path
            turns.append(turn)
        }
        return turns
    }

    private static func turn(_ message: RequestField) throws(Failure) -> Turn {
        let role = try message.required("role").word(MessageRole.self)
        let name = try message.member("name")?.string()
        let speaker = name.flatMap { $0.isEmpty ? nil : $0 }
        switch role {
        case .system: return Turn(role: .system, name: speaker, parts: try parts(message, allowing: textOnly))
        case .developer:
            return Turn(role: .developer, name: speaker, parts: try parts(message, allowing: textOnly))
        case .user:
            return Turn(role: .user, name: speaker, parts: try parts(message, allowing: PartType.userTypes))
        case .assistant: return Turn(role: .assistant, name: speaker, parts: try assistantParts(message))
        case .tool:
            let result = ToolResult(
                callID: try message.required("tool_call_id").nonEmptyString(), name: speaker,
                parts: try parts(message, allowing: textOnly))
            return Turn(role: .tool, parts: [.toolResult(result)])
        case .function:
            let function = try message.required("name").nonEmptyString()
            let text = try message.member("content")?.string() ?? ""
            let result = ToolResult(callID: nil, name: function, parts: [.text(TextPart(text))])
            return Turn(role: .tool, parts: [.toolResult(result)])
        }
    }

    /// Reads what an assistant said and called; content may be absent where there is something else.
    private static func assistantParts(_ message: RequestField) throws(Failure) -> [Part] {
        var result: [Part] = []
        if message.member("content") != nil {
            result = try parts(message, allowing: [.text, .refusal])
        }
        if let refusal = message.member("refusal") { result.append(.refusal(try refusal.string())) }
        if let audio = message.member("audio") {
            _ = try audio.object()
            let id = try audio.required("id").nonEmptyString()
            result.append(.audio(AudioPart(source: .file(id: id))))
        }
        for call in try message.member("tool_calls")?.elements(expected: "an array of objects") ?? [] {
            result.append(.toolCall(try toolCall(call)))
        }
        if let call = message.member("function_call") {
            _ = try call.object()
            let name = try call.required("name").nonEmptyString()
            let arguments = try call.required("arguments").string()
            result.append(.toolCall(ToolCall(id: nil, name: name, arguments: arguments)))
        }
        guard !result.isEmpty else {
            _ = try message.required("content")
            return []
        }
        return result
    }

    private static func toolCall(_ call: RequestField) throws(Failure) -> ToolCall {
        _ = try call.object()
        let id = try call.required("id").nonEmptyString()
        // Several clients leave the type out of the calls they send back.
        let type = try call.member("type")?.word(CallType.self) ?? .function
        let details = try call.required(type.rawValue)
        _ = try details.object()
        let name = try details.required("name").nonEmptyString()
        switch type {
        case .function:
            return ToolCall(id: id, name: name, arguments: try details.required("arguments").string())
        case .custom:
            let input = try details.required("input").string()
            return ToolCall(id: id, name: name, arguments: input, kind: .custom)
        }
    }

    /// Reads `content`: a string, or an array of parts of the given types.
    private static func parts(
        _ message: RequestField, allowing types: [PartType]
    ) throws(Failure) -> [Part] {
        let content = try message.required("content")
        if case .string(let text) = content.value { return [.text(TextPart(text))] }
        let elements = try content.elements(expected: "a string or an array of objects")
        guard !elements.isEmpty else {
            throw content.invalid("expected at least one part, but the array is empty", code: "empty_array")
        }
        var parts: [Part] = []
        parts.reserveCapacity(elements.count)
        for element in elements {
            _ = try element.object()
            let type = try element.required("type")
            let word = try type.string()
            guard let known = types.first(where: { $0.rawValue == word }) else {
                throw type.unknownWord(word, known: types.map(\.rawValue))
            }
            parts.append(try part(element, of: known))
        }
        return parts
    }

    private static func part(_ field: RequestField, of type: PartType) throws(Failure) -> Part {
        let marker = try field.cacheMarker()
        switch type {
        case .text: return .text(TextPart(try field.required("text").string(), cacheMarker: marker))
        case .refusal: return .refusal(try field.required("refusal").string())
        case .image:
            let image = try field.required("image_url")
            // Some clients write the address in place of the object.
            if case .string = image.value {
                return .image(ImagePart(source: try image.mediaSource(), cacheMarker: marker))
            }
            _ = try image.object()
            let source = try image.required("url").mediaSource()
            let detail = try image.member("detail")?.string()
            return .image(ImagePart(source: source, detail: detail, cacheMarker: marker))
        case .audio:
            let audio = try field.required("input_audio")
            _ = try audio.object()
            let data = try audio.required("data").nonEmptyString()
            let format = try audio.required("format").nonEmptyString()
            return .audio(
                AudioPart(source: .base64(data, mediaType: nil), format: format, cacheMarker: marker))
        case .file:
            let file = try field.required("file")
            _ = try file.object()
            let name = try file.member("filename")?.string()
            if let data = file.member("file_data") {
                let source = try data.fileData()
                return .document(DocumentPart(source: source, name: name, cacheMarker: marker))
            }
            let id = try file.required("file_id").nonEmptyString()
            return .document(DocumentPart(source: .file(id: id), name: name, cacheMarker: marker))
        }
    }

    /// The values of `role`.
    private enum MessageRole: String, CaseIterable {
        case system, developer, user, assistant, tool, function
    }

    /// The values of `type` in a content part.
    private enum PartType: String, CaseIterable {
        case text
        case image = "image_url"
        case audio = "input_audio"
        case file
        case refusal

        /// What a user may say.
        static let userTypes: [PartType] = [.text, .image, .audio, .file]
    }

    private static let textOnly: [PartType] = [.text]

    /// The values of `type` in a tool call.
    private enum CallType: String, CaseIterable {
        case function, custom
    }
}
