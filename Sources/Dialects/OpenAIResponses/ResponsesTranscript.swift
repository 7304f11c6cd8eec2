import Wire

/// Makes turns of items: what the model thought, said and called in a row is one turn of it, and the outputs of tools
/// in a row are one turn too.
///
/// Every kind of item that has an honest neutral form is given it. Calls that the vendor ran itself and whose results
/// are part of what the model said after them (web and file search, code interpreter, a listing of tools) are left
/// out; everything else is kept as it came, for the upstream's encoder to refuse.
struct ResponsesTranscript {
    /// The turns so far.
    private(set) var turns: [Turn] = []
    /// How a reference to an item is met that is not among those before it.
    private let unknownReferences: UnknownReferences
    /// The identifiers of the items so far.
    private var seenIDs: Set<String> = []
    /// The call that each item so far was, by the item's identifier.
    private var callIDs: [String: String] = [:]

    /// What to do with a reference to an unknown item.
    enum UnknownReferences {
        case skip, refuse
    }

    /// A transcript that begins with some turns.
    init(beginningWith turns: [Turn], unknownReferences: UnknownReferences) {
        self.turns = turns
        self.unknownReferences = unknownReferences
    }

    /// Adds items, which have a type and an identifier each.
    mutating func add(_ items: [JSONValue], named name: String) throws(Failure) {
        for item in try RequestField(.array(items), named: name).elements() { try add(item) }
    }

    private mutating func add(_ item: RequestField) throws(Failure) {
        let type = try item.required("type").string()
        let id = try item.required("id").string()
        if type == "item_reference" { return try checkReference(to: id, at: item) }
        seenIDs.insert(id)
        switch type {
        case "message": try addMessage(item)
        case "reasoning": if let thought = try reasoning(item) { append(thought, role: .assistant, item) }
        case "function_call", "custom_tool_call", "local_shell_call", "shell_call", "apply_patch_call",
            "computer_call":
            let call = try toolCall(item, type: type)
            callIDs[id] = call.id
            append(.toolCall(call), role: .assistant, item)
        case "function_call_output", "custom_tool_call_output", "local_shell_call_output",
            "shell_call_output",
            "apply_patch_call_output", "computer_call_output":
            append(.toolResult(try toolResult(item, type: type, callIDs: callIDs)), role: .tool, item)
        case "mcp_call":
            // The vendor made the call and answered it: both are told.
            let name = try item.required("name").nonEmptyString()
            let arguments = try item.required("arguments").string()
            append(.toolCall(ToolCall(id: id, name: name, arguments: arguments)), role: .assistant, item)
            let output = try item.member("output")?.string() ?? ""
            let result = ToolResult(
                callID: id, parts: [.text(TextPart(output))],
                isError: item.member("error") == nil ? nil : true)
            append(.toolResult(result), role: .tool, item)
        case "image_generation_call":
            guard let image = try item.member("result")?.nonEmptyString() else { return }
            let format = try item.member("output_format")?.string() ?? "png"
            let source = MediaSource.base64(image, mediaType: "image/\(format)")
            append(.image(ImagePart(source: source)), role: .assistant, item, member: "result")
        case "web_search_call", "file_search_call", "code_interpreter_call", "mcp_list_tools": break
        default:
            let isModels = type.hasSuffix("_call") || type.hasSuffix("_request") || type == "compaction"
            append(
                .vendor(VendorPart(type: type, json: item.value)), role: isModels ? .assistant : .user, item)
        }
    }

    private func checkReference(to id: String, at item: RequestField) throws(Failure) {
        guard unknownReferences == .refuse, !seenIDs.contains(id) else { return }
        throw Failure(
            .invalidRequest,
            "Item with id '\(id.prefix(64))' not found. Items are not persisted when `store` is set to false. "
                + "Try again with `store` set to true, or remove this item from your input.",
            parameter: "\(item.path).id", code: "item_not_found")
    }

    private mutating func addMessage(_ item: RequestField) throws(Failure) {
        let role = try item.required("role").word(MessageRole.self)
        let parts = try ResponsesContent.parts(of: item, "content", allowing: role.content)
        switch role {
        case .assistant: for part in parts { append(part, role: .assistant, item) }
        case .user: append(Turn(role: .user, parts: parts), item)
        case .system: append(Turn(role: .system, parts: parts), item)
        case .developer: append(Turn(role: .developer, parts: parts), item)
        }
    }

    /// Forgets where the turns so far stand, which means nothing to the client.
    mutating func forgetPlaces() {
        for index in turns.indices {
            turns[index].origin = nil
            turns[index].places = [:]
        }
    }

    /// Adds what an item is, or one of its members, to the turn that it belongs to.
    private mutating func append(
        _ part: Part, role: Turn.Role, _ item: RequestField, member: String? = nil
    ) {
        if turns.last?.role != role { append(Turn(role: role, parts: []), item) }
        let path = member.map { "\(item.path).\($0)" } ?? item.path
        turns[turns.count - 1].add(part, at: Turn.Place(path, content: "\(item.path).output"))
    }

    private mutating func append(_ turn: Turn, _ item: RequestField) {
        var turn = turn
        turn.origin = item.path
        turns.append(turn)
    }

    /// The values of `role` in a message.
    private enum MessageRole: String, CaseIterable {
        case assistant, system, developer, user

        var content: ResponsesContent.Allowed {
            switch self {
            case .assistant: .assistant
            case .system, .developer: .instructions
            case .user: .user
            }
        }
    }
}
