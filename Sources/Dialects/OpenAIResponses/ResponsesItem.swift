import Wire

/// Brings items into the form in which they are stored, listed and read: with a type, an identifier and parts.
enum ResponsesItem {
    /// The items of `input`, or of a conversation's `items`.
    static func items(
        _ field: RequestField, makeID: (String) -> String
    ) throws(Failure) -> [JSONValue] {
        if case .string(let text) = field.value {
            return [message(role: "user", content: [part(text, role: "user")], id: makeID("msg_"))]
        }
        var items: [JSONValue] = []
        for element in try field.elements(expected: "a string or an array of objects") {
            items.append(try item(element, makeID: makeID))
        }
        return items
    }

    /// One item; what it holds is not looked at further.
    static func item(_ field: RequestField, makeID: (String) -> String) throws(Failure) -> JSONValue {
        let object = try field.object()
        let type = try type(of: field)
        var members = object
        var head = [JSONObject.Member(key: "type", value: .string(type))]
        members["type"] = nil
        if type == "item_reference" {
            _ = try field.required("id").nonEmptyString()
        } else {
            let id = try field.member("id")?.nonEmptyString()
            members["id"] = nil
            head.append(.init(key: "id", value: .string(id ?? makeID(prefix(of: type)))))
        }
        if type == "message" {
            let role = try field.required("role").string()
            if case .string(let text) = try field.required("content").value {
                members["content"] = .array([part(text, role: role)])
            }
        }
        if hasStatus(type), field.member("status") == nil { members["status"] = "completed" }
        return .object(JSONObject(head + members.members))
    }

    /// The item's type; several clients leave it out where another member tells it.
    private static func type(of field: RequestField) throws(Failure) -> String {
        if let type = field.member("type") { return try type.nonEmptyString() }
        if field.member("role") != nil { return "message" }
        if field.member("call_id") != nil {
            if field.member("output") != nil { return "function_call_output" }
            if field.member("arguments") != nil { return "function_call" }
            if field.member("input") != nil { return "custom_tool_call" }
        }
        if field.value.objectValue?.members.allSatisfy({ $0.key == "id" || $0.value.isNull }) == true,
            field.member("id") != nil
        {
            return "item_reference"
        }
        return try field.required("type").string()
    }

    private static func message(role: String, content: [JSONValue], id: String) -> JSONValue {
        [
            "type": "message", "id": .string(id), "role": .string(role), "content": .array(content),
            "status": "completed",
        ]
    }

    /// A text as the one part of a message.
    private static func part(_ text: String, role: String) -> JSONValue {
        guard role == "assistant" else { return ["type": "input_text", "text": .string(text)] }
        return ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    /// How the API's identifiers of a type begin.
    private static func prefix(of type: String) -> String {
        switch type {
        case "message": "msg_"
        case "reasoning": "rs_"
        case "function_call": "fc_"
        case "function_call_output": "fco_"
        case "custom_tool_call": "ctc_"
        case "custom_tool_call_output": "ctco_"
        case "local_shell_call": "lsh_"
        case "local_shell_call_output": "lsho_"
        case "shell_call": "sh_"
        case "shell_call_output": "sho_"
        case "apply_patch_call": "apc_"
        case "apply_patch_call_output": "apco_"
        case "computer_call": "cu_"
        case "computer_call_output": "cuo_"
        case "web_search_call": "ws_"
        case "mcp_call": "mcp_"
        case "compaction": "cmp_"
        default: "item_"
        }
    }

    /// True for the types whose items have a status in every listing.
    private static func hasStatus(_ type: String) -> Bool {
        switch type {
        case "message", "function_call", "function_call_output", "custom_tool_call",
            "custom_tool_call_output":
            true
        default: false
        }
    }
}
