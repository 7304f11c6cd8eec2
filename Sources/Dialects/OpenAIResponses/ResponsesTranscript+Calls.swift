import Wire

extension ResponsesTranscript {
    /// Reads a thought; nil for one without text and without proof, as clients send it back of a model that hides its.
    func reasoning(_ item: RequestField) throws(Failure) -> Part? {
        var texts: [String] = []
        for part in try item.member("content")?.elements(expected: "an array of objects") ?? [] {
            texts.append(try part.required("text").string())
        }
        if texts.isEmpty {
            for part in try item.member("summary")?.elements(expected: "an array of objects") ?? [] {
                texts.append(try part.required("text").string())
            }
        }
        let text = texts.joined(separator: "\n\n")
        let encrypted = try item.member("encrypted_content")?.string()
        guard !text.isEmpty || encrypted != nil else { return nil }
        let id = item.member("id")?.value.stringValue
        // With its text it is the proof of it, alone it is the thought itself.
        return .reasoning(
            ReasoningPart(
                text: text, signature: text.isEmpty ? nil : encrypted,
                redacted: text.isEmpty ? encrypted : nil,
                id: id))
    }

    /// Reads a call that the client is to run; the tools that have a type of their own are called by its name.
    func toolCall(_ item: RequestField, type: String) throws(Failure) -> ToolCall {
        let id = try item.required("call_id").nonEmptyString()
        switch type {
        case "function_call":
            return ToolCall(
                id: id, name: try toolName(item), arguments: try item.required("arguments").string())
        case "custom_tool_call":
            return ToolCall(
                id: id, name: try toolName(item), arguments: try item.required("input").string(),
                kind: .custom)
        case "apply_patch_call": return try call(id, "apply_patch", item.required("operation"))
        case "local_shell_call": return try call(id, "local_shell", item.required("action"))
        case "shell_call": return try call(id, "shell", item.required("action"))
        default:
            if let actions = item.member("actions") { return try call(id, "computer", actions) }
            return try call(id, "computer", item.required("action"))
        }
    }

    private func call(_ id: String, _ name: String, _ arguments: RequestField) throws(Failure) -> ToolCall {
        let text = String(decoding: arguments.value.serialized(), as: UTF8.self)
        return ToolCall(id: id, name: name, arguments: text)
    }

    private func toolName(_ item: RequestField) throws(Failure) -> String {
        let name = try item.required("name").nonEmptyString()
        guard let namespace = try item.member("namespace")?.string(), !namespace.isEmpty else { return name }
        return ResponsesToolNames.joined(namespace: namespace, name: name)
    }

    /// Reads the output of a call that the client ran.
    func toolResult(
        _ item: RequestField, type: String, callIDs: [String: String]
    ) throws(Failure) -> ToolResult {
        var result = ToolResult(callID: try callID(item, type: type, callIDs: callIDs), parts: [])
        switch type {
        case "function_call_output":
            if result.callID == nil { result.name = try toolName(item) }
            result.parts = try ResponsesContent.parts(of: item, "output", allowing: .toolOutput)
        case "shell_call_output":
            let output = try item.required("output")
            _ = try output.elements(expected: "an array of objects")
            result.parts = [.text(TextPart(String(decoding: output.value.serialized(), as: UTF8.self)))]
        case "apply_patch_call_output":
            let status = try item.member("status")?.string() ?? "completed"
            result.parts = [.text(TextPart(try item.member("output")?.string() ?? status))]
            result.isError = status == "failed"
        case "computer_call_output":
            let output = try item.required("output")
            _ = try output.object()
            result.parts = [try ResponsesContent.image(output)]
        default: result.parts = try ResponsesContent.parts(of: item, "output", allowing: .toolOutput)
        }
        return result
    }

    /// Which call an output is of; that of the local shell may refer to the call's item instead.
    private func callID(
        _ item: RequestField, type: String, callIDs: [String: String]
    ) throws(Failure) -> String? {
        if let callID = item.member("call_id") { return try callID.nonEmptyString() }
        switch type {
        case "local_shell_call_output":
            let id = try item.required("id").string()
            return callIDs[id] ?? id
        case "function_call_output" where item.member("name") != nil: return nil
        default: return try item.required("call_id").nonEmptyString()
        }
    }
}
