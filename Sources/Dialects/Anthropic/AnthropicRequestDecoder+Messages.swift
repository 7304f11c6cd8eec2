import Wire

extension AnthropicRequestDecoder {
    /// Reads `system`: a string, or text blocks, each of which stays one of its own.
    static func systemTurns(_ field: AnthropicField) throws(Failure) -> [Turn] {
        var turn = Turn(role: .system, parts: try systemParts(field))
        turn.origin = field.path
        return turn.parts.isEmpty ? [] : [turn]
    }

    /// Reads `messages`; one of tool results and other blocks becomes two turns.
    static func turns(_ field: AnthropicField) throws(Failure) -> [Turn] {
        let messages = try field.elements()
        guard !messages.isEmpty else { throw field.wrong("at least one message is required") }
        guard messages.count <= maximumMessages else {
            throw field.wrong("List should have at most \(maximumMessages) items, not \(messages.count)")
        }
        var turns: [Turn] = []
        turns.reserveCapacity(messages.count)
        for message in messages {
            try message.object()
            let role = try message.required("role").word(MessageRole.self)
            let content = try message.required("content")
            for var turn in try Self.turns(of: content, role, in: message) {
                turn.origin = message.path
                turns.append(turn)
            }
        }
        return turns
    }

    private static func turns(
        of content: AnthropicField, _ role: MessageRole, in message: AnthropicField
    ) throws(Failure) -> [Turn] {
        switch role {
        case .system:
            let parts = try systemParts(content)
            return parts.isEmpty ? [] : [Turn(role: .system, parts: parts)]
        case .assistant:
            let parts = try parts(content, of: .assistant, in: message)
            // Clients send back an answer that was empty; refusing it would end their conversation for good.
            return parts.isEmpty ? [] : [Turn(role: .assistant, parts: parts)]
        case .user:
            let parts = try parts(content, of: .user, in: message)
            guard !parts.isEmpty else {
                throw message.wrong(
                    "all messages must have non-empty content except for the optional final assistant message"
                )
            }
            // Results belong right behind their calls, wherever in the message they stand.
            guard parts.contains(where: \.isToolResult) else { return [Turn(role: .user, parts: parts)] }
            var results = Turn(role: .tool, parts: [])
            var rest = Turn(role: .user, parts: [])
            for (index, part) in parts.enumerated() {
                let path = "\(content.path).\(index)"
                let place = Turn.Place(path, content: "\(path).content")
                if part.isToolResult { results.add(part, at: place) } else { rest.add(part, at: place) }
            }
            return [results, rest].filter { !$0.parts.isEmpty }
        }
    }

    /// Reads instructions, which are text alone.
    private static func systemParts(_ content: AnthropicField) throws(Failure) -> [Part] {
        if case .string(let text) = content.value { return text.isEmpty ? [] : [.text(TextPart(text))] }
        var parts: [Part] = []
        for block in try content.elements() {
            try block.object()
            let type = try block.required("type")
            switch try type.string() {
            case "tool_addition", "tool_removal":
                parts.append(.vendor(VendorPart(type: try type.string(), json: block.value)))
            default:
                try type.expect("text")
                parts.append(try textPart(block))
            }
        }
        return parts
    }

    /// Reads the content of a person's or the model's message.
    private static func parts(
        _ content: AnthropicField, of speaker: BlockType.Speaker, in message: AnthropicField
    ) throws(Failure) -> [Part] {
        if case .string(let text) = content.value { return text.isEmpty ? [] : [.text(TextPart(text))] }
        let blocks = try content.elements()
        var parts: [Part] = []
        parts.reserveCapacity(blocks.count)
        for block in blocks {
            let (type, word) = try type(of: block, among: BlockType.messageTypes)
            if let owner = type?.owner, owner != speaker {
                throw message.wrong("`\(word)` blocks can only be in `\(owner.rawValue)` messages")
            }
            parts.append(try part(block, of: type, word))
        }
        return parts
    }

    /// The values of `role`.
    private enum MessageRole: String, CaseIterable {
        case user, assistant, system
    }
}

extension Part {
    fileprivate var isToolResult: Bool {
        if case .toolResult = self { true } else { false }
    }
}
