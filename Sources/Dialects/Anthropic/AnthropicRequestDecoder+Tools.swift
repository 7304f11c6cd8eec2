import Wire

extension AnthropicRequestDecoder {
    /// Reads `tools`; an empty list is as good as none.
    ///
    /// A web search that the vendor would run switches on the search of the upstream that answers, but not beside tools of
    /// the client's, where the model is to decide: there a search before every answer would be paid for.
    static func decodeTools(
        _ field: AnthropicField, into request: inout GenerationRequest
    ) throws(Failure) {
        let elements = try field.elements()
        var hasClientTools = false
        for element in elements {
            try element.object()
            if try element.member("type")?.string() ?? customType == customType { hasClientTools = true }
        }
        for element in elements {
            let type = try element.member("type")?.string() ?? customType
            let marker = try element.member("cache_control").map(cacheMarker)
            if type == customType {
                request.tools.append(Tool(kind: .function(try function(element)), cacheMarker: marker))
                continue
            }
            request.tools.append(Tool(kind: .vendor(type: type, json: element.value), cacheMarker: marker))
            if type.hasPrefix("web_search_"), !hasClientTools {
                request.webSearch.isOn = true
                if let location = element.member("user_location") {
                    request.webSearch.userLocation = try location.object()
                    request.ignorable.append(
                        RequestParameter(name: "tools.user_location", feature: .webSearchLocation))
                }
            }
        }
    }

    /// The `type` of tools that the client runs, which most clients leave out.
    private static let customType = "custom"

    private static func function(_ field: AnthropicField) throws(Failure) -> FunctionTool {
        let name = try field.required("name").nonEmptyString()
        let schema = try field.required("input_schema")
        try schema.object()
        try schema.member("type")?.expect("object")
        // Checked, but not taken over: a strict tool must keep to OpenAI's subset of JSON Schema, which for one has no
        // optional members, and Anthropic's subset is another.
        _ = try field.member("strict")?.boolean()
        return FunctionTool(
            name: name, description: try field.member("description")?.string(), parameters: schema.value)
    }

    /// Reads `tool_choice` with its `disable_parallel_tool_use`.
    static func decodeToolChoice(
        _ field: AnthropicField, into request: inout GenerationRequest
    ) throws(Failure) {
        try field.object()
        switch try field.required("type").word(ChoiceType.self) {
        case .auto: request.toolChoice = .automatic
        case .any: request.toolChoice = .required
        case .tool: request.toolChoice = .tool(name: try field.required("name").nonEmptyString())
        case .none: request.toolChoice = ToolChoice.none
        }
        if let isDisabled = try field.member("disable_parallel_tool_use")?.boolean() {
            request.parallelToolCalls = !isDisabled
            request.ignorable.append(
                RequestParameter(name: "tool_choice.disable_parallel_tool_use", feature: .parallelToolCalls))
        }
    }

    /// The values of `tool_choice.type`.
    private enum ChoiceType: String, CaseIterable {
        case auto, any, tool, none
    }
}
