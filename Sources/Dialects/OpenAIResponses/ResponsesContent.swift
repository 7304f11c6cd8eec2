import Wire

/// Reads what is in a message or in the output of a tool.
enum ResponsesContent {
    /// What may stand in a place.
    enum Allowed {
        case instructions, user, assistant, toolOutput

        /// The documented types, for complaints.
        fileprivate var documented: [PartType] {
            switch self {
            case .instructions: [.inputText]
            case .user: [.inputText, .inputImage, .inputFile, .inputAudio]
            case .assistant: [.outputText, .refusal]
            case .toolOutput: [.inputText, .inputImage, .inputFile]
            }
        }

        /// Text goes by several names, and clients mix them up.
        fileprivate func allows(_ type: PartType) -> Bool {
            switch type {
            case .text, .inputText: true
            case .outputText: self == .assistant || self == .toolOutput
            case .summaryText, .reasoningText: self == .assistant
            case .inputImage, .inputFile, .inputAudio, .refusal: documented.contains(type)
            }
        }
    }

    /// The types of parts.
    fileprivate enum PartType: String {
        case text
        case inputText = "input_text"
        case outputText = "output_text"
        case summaryText = "summary_text"
        case reasoningText = "reasoning_text"
        case inputImage = "input_image"
        case inputFile = "input_file"
        case inputAudio = "input_audio"
        case refusal
    }

    /// Reads a member that is a string or an array of parts.
    ///
    /// A message needs at least one part; a tool may have nothing to say, and so may an answer that was cut off.
    static func parts(
        of item: RequestField, _ name: String, allowing allowed: Allowed
    ) throws(Failure) -> [Part] {
        let content = try item.required(name)
        if case .string(let text) = content.value { return [.text(TextPart(text))] }
        let elements = try content.elements(expected: "a string or an array of objects")
        if elements.isEmpty, allowed == .instructions || allowed == .user {
            throw content.invalid("expected at least one part, but the array is empty", code: "empty_array")
        }
        var parts: [Part] = []
        parts.reserveCapacity(elements.count)
        for element in elements {
            _ = try element.object()
            let type = try element.required("type")
            let word = try type.string()
            guard let known = PartType(rawValue: word), allowed.allows(known) else {
                throw type.unknownWord(word, known: allowed.documented.map(\.rawValue))
            }
            parts.append(try part(element, of: known))
        }
        return parts
    }

    private static func part(_ field: RequestField, of type: PartType) throws(Failure) -> Part {
        switch type {
        case .text, .inputText, .outputText, .summaryText, .reasoningText:
            var part = TextPart(try field.required("text").string(), cacheMarker: try field.cacheMarker())
            if type == .outputText, let annotations = field.member("annotations") {
                part.citations = annotations.value.arrayValue ?? []
            }
            return .text(part)
        case .refusal: return .refusal(try field.required("refusal").string())
        case .inputImage: return try image(field)
        case .inputFile:
            let name = try field.member("filename")?.string()
            let source: MediaSource
            if let data = field.member("file_data") {
                source = try data.fileData()
            } else if let url = field.member("file_url") {
                source = try url.mediaSource()
            } else {
                source = .file(id: try field.required("file_id").nonEmptyString())
            }
            return .document(DocumentPart(source: source, name: name, cacheMarker: try field.cacheMarker()))
        case .inputAudio:
            let audio = try field.required("input_audio")
            _ = try audio.object()
            let data = try audio.required("data").nonEmptyString()
            let format = try audio.required("format").nonEmptyString()
            return .audio(AudioPart(source: .base64(data, mediaType: nil), format: format))
        }
    }

    /// Reads a picture by its `image_url` or `file_id`.
    static func image(_ field: RequestField) throws(Failure) -> Part {
        let source: MediaSource
        if field.member("image_url") == nil, let file = field.member("file_id") {
            source = .file(id: try file.nonEmptyString())
        } else {
            source = try field.required("image_url").mediaSource()
        }
        let detail = try field.member("detail")?.string()
        return .image(ImagePart(source: source, detail: detail, cacheMarker: try field.cacheMarker()))
    }
}
