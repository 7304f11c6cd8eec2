import Wire

extension AnthropicRequestDecoder {
    /// The types of blocks that have a part of their own; the others are kept as they came.
    enum BlockType: String, CaseIterable {
        case text, image, document, thinking
        case searchResult = "search_result"
        case redactedThinking = "redacted_thinking"
        case toolUse = "tool_use"
        case toolResult = "tool_result"

        /// Whose messages blocks can stand in.
        enum Speaker: String {
            case user, assistant
        }

        /// Whose messages the block can stand in; nil for both.
        var owner: Speaker? {
            switch self {
            case .text: nil
            case .image, .document, .searchResult, .toolResult: .user
            case .thinking, .redactedThinking, .toolUse: .assistant
            }
        }

        /// What a message may have.
        static let messageTypes = BlockType.allCases.map(\.rawValue) + vendorTypes
        /// What a tool's result may have.
        static let resultTypes = [
            "text", "image", "search_result", "document", "tool_reference", "browser_state",
        ]

        /// What only Anthropic's own servers make or use (anthropic 2.12.0, `types/beta/beta_content_block_param.py`).
        private static let vendorTypes = [
            "server_tool_use", "web_search_tool_result", "web_fetch_tool_result",
            "code_execution_tool_result",
            "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
            "tool_search_tool_result", "advisor_tool_result", "mcp_tool_use", "mcp_tool_result",
            "mcp_tool_listing", "container_upload", "compaction", "tool_addition", "tool_removal", "fallback",
        ]
    }

    /// The type of a block: nil for one that is kept as it came.
    static func type(
        of block: AnthropicField, among known: [String]
    ) throws(Failure) -> (type: BlockType?, word: String) {
        try block.object()
        let word = try block.required("type").string()
        guard known.contains(word) else { throw block.unknownTag(word, known: known) }
        return (BlockType(rawValue: word), word)
    }

    /// Reads a block of a type.
    static func part(_ block: AnthropicField, of type: BlockType?, _ word: String) throws(Failure) -> Part {
        switch type {
        case .text: return try textPart(block)
        case .image:
            let marker = try block.member("cache_control").map(cacheMarker)
            return .image(ImagePart(source: try imageSource(block.required("source")), cacheMarker: marker))
        case .document: return try document(block)
        case .searchResult: return try searchResult(block)
        case .thinking:
            // Several clients lose the signature, or send back the empty one of a model that gives none.
            let signature = try block.member("signature")?.string() ?? ""
            let text = try block.required("thinking").string()
            return .reasoning(ReasoningPart(text: text, signature: signature.isEmpty ? nil : signature))
        case .redactedThinking:
            return .reasoning(ReasoningPart(text: "", redacted: try block.required("data").string()))
        case .toolUse: return try toolCall(block)
        case .toolResult: return try toolResult(block)
        case nil where word == "tool_reference":
            // A tool that the model has found: it knows of all tools anyway.
            return .text(TextPart("The tool \(try block.required("tool_name").string()) is available."))
        case nil: return .vendor(VendorPart(type: word, json: block.value))
        }
    }

    /// Reads a text block, which must not be empty.
    static func textPart(_ block: AnthropicField, mayBeEmpty: Bool = false) throws(Failure) -> Part {
        let field = try block.required("text")
        var text = TextPart(try field.string())
        guard mayBeEmpty || !text.text.isEmpty else {
            throw field.wrong("text content blocks must be non-empty")
        }
        text.citations = try block.member("citations")?.elements().map(\.value) ?? []
        text.cacheMarker = try block.member("cache_control").map(cacheMarker)
        return .text(text)
    }

    private static func toolCall(_ block: AnthropicField) throws(Failure) -> Part {
        let input = try block.required("input")
        try input.object()
        var call = ToolCall(
            id: try block.required("id").nonEmptyString(), name: try block.required("name").nonEmptyString(),
            arguments: String(decoding: input.value.serialized(), as: UTF8.self))
        call.cacheMarker = try block.member("cache_control").map(cacheMarker)
        return .toolCall(call)
    }

    private static func toolResult(_ block: AnthropicField) throws(Failure) -> Part {
        var result = ToolResult(
            callID: try block.required("tool_use_id").nonEmptyString(), parts: [],
            isError: try block.member("is_error")?.boolean())
        result.cacheMarker = try block.member("cache_control").map(cacheMarker)
        guard let content = block.member("content") else { return .toolResult(result) }
        if case .string(let text) = content.value {
            result.parts = text.isEmpty ? [] : [.text(TextPart(text))]
            return .toolResult(result)
        }
        for element in try content.elements() {
            let (type, word) = try type(of: element, among: BlockType.resultTypes)
            // Tools that have nothing to say send an empty text.
            let part =
                type == .text
                ? try textPart(element, mayBeEmpty: true) : try part(element, of: type, word)
            result.parts.append(part)
        }
        return .toolResult(result)
    }

    private static func imageSource(_ source: AnthropicField) throws(Failure) -> MediaSource {
        try source.object()
        switch try source.required("type").word(ImageSourceType.self) {
        case .url: return .url(try source.required("url").nonEmptyString())
        case .file: return .file(id: try source.required("file_id").nonEmptyString())
        case .base64:
            let type = try source.required("media_type").word(ImageMediaType.self)
            return .base64(try source.required("data").nonEmptyString(), mediaType: type.rawValue)
        }
    }

    private static func document(_ block: AnthropicField) throws(Failure) -> Part {
        let source = try block.required("source")
        try source.object()
        let place: MediaSource
        switch try source.required("type").word(DocumentSourceType.self) {
        case .url: place = .url(try source.required("url").nonEmptyString())
        case .file: place = .file(id: try source.required("file_id").nonEmptyString())
        case .base64:
            try source.required("media_type").expect("application/pdf")
            place = .base64(try source.required("data").nonEmptyString(), mediaType: "application/pdf")
        case .text:
            try source.member("media_type")?.expect("text/plain")
            place = .text(try source.required("data").string())
        case .content:
            guard let text = try joinedText(source.required("content")) else {
                return .vendor(VendorPart(type: "document", json: block.value))
            }
            place = .text(text)
        }
        var document = DocumentPart(source: place)
        document.title = try block.member("title")?.string()
        document.context = try block.member("context")?.string()
        document.citationsEnabled = try block.member("citations")?.member("enabled")?.boolean()
        document.cacheMarker = try block.member("cache_control").map(cacheMarker)
        return .document(document)
    }

    /// Reads what the client's own search found: a document of text.
    private static func searchResult(_ block: AnthropicField) throws(Failure) -> Part {
        let content = try block.required("content")
        guard let text = try joinedText(content) else { throw content.wrong("Input should be text blocks") }
        var document = DocumentPart(source: .text(text), name: try block.required("source").string())
        document.title = try block.required("title").string()
        document.citationsEnabled = try block.member("citations")?.member("enabled")?.boolean()
        document.cacheMarker = try block.member("cache_control").map(cacheMarker)
        return .document(document)
    }

    /// The text of a string or of text blocks, nil when there are pictures between them.
    private static func joinedText(_ content: AnthropicField) throws(Failure) -> String? {
        if case .string(let text) = content.value { return text }
        var texts: [String] = []
        var isText = true
        for block in try content.elements() {
            let (type, word) = try type(of: block, among: ["text", "image"])
            guard case .text(let text) = try part(block, of: type, word) else {
                isText = false
                continue
            }
            texts.append(text.text)
        }
        return isText ? texts.joined(separator: "\n\n") : nil
    }

    /// The values of `source.type` in an image.
    private enum ImageSourceType: String, CaseIterable {
        case base64, url, file
    }

    /// The values of `source.media_type` in an image.
    private enum ImageMediaType: String, CaseIterable {
        case jpeg = "image/jpeg"
        case png = "image/png"
        case gif = "image/gif"
        case webp = "image/webp"
    }

    /// The values of `source.type` in a document.
    private enum DocumentSourceType: String, CaseIterable {
        case base64, text, content, url, file
    }
}
