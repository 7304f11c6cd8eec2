import Wire

extension OpenAIChatRequestDecoder {
    /// Reads `tools`; an empty list is as good as none, since many clients send one.
    static func tools(_ field: RequestField) throws(Failure) -> [Tool] {
        var tools: [Tool] = []
        for element in try field.elements(expected: "an array of objects") {
            _ = try element.object()
            let type = try element.required("type").string()
            switch type {
            case "function":
                tools.append(Tool(kind: .function(try function(element.required("function")))))
            case "custom":
                let custom = try element.required("custom")
                _ = try custom.object()
                let tool = CustomTool(
                    name: try custom.required("name").nonEmptyString(),
                    description: try custom.member("description")?.string(),
                    format: custom.member("format")?.value)
                tools.append(Tool(kind: .custom(tool)))
            default: tools.append(Tool(kind: .vendor(type: type, json: element.value)))
            }
        }
        return tools
    }

    /// Reads `functions`, the older form of `tools`.
    static func functions(_ field: RequestField) throws(Failure) -> [Tool] {
        var tools: [Tool] = []
        for element in try field.elements(expected: "an array of objects") {
            var function = try function(element)
            function.isLegacy = true
            tools.append(Tool(kind: .function(function)))
        }
        return tools
    }

    private static func function(_ field: RequestField) throws(Failure) -> FunctionTool {
        _ = try field.object()
        let parameters = field.member("parameters")
        _ = try parameters?.object()
        return FunctionTool(
            name: try field.required("name").nonEmptyString(),
            description: try field.member("description")?.string(),
            parameters: parameters?.value,
            isStrict: try field.member("strict")?.boolean())
    }

    /// Reads `tool_choice`.
    static func toolChoice(_ field: RequestField) throws(Failure) -> ToolChoice {
        if case .string = field.value {
            return switch try field.word(ChoiceWord.self) {
            case .none: .none
            case .auto: .automatic
            case .required: .required
            }
        }
        guard case .object = field.value else { throw field.wrongType(expected: "a string or an object") }
        switch try field.required("type").word(ChoiceType.self) {
        case .function: return .tool(name: try field.required("function").required("name").nonEmptyString())
        case .custom: return .tool(name: try field.required("custom").required("name").nonEmptyString())
        case .allowedTools: return .allowed(field.value)
        }
    }

    /// Reads `function_call`, the older form of `tool_choice`.
    static func functionCallChoice(_ field: RequestField) throws(Failure) -> ToolChoice {
        if case .string = field.value {
            return try field.word(FunctionCallWord.self) == .none ? .none : .automatic
        }
        guard case .object = field.value else { throw field.wrongType(expected: "a string or an object") }
        return .tool(name: try field.required("name").nonEmptyString())
    }

    /// The words that `tool_choice` may be.
    private enum ChoiceWord: String, CaseIterable {
        case none, auto, required
    }

    /// The types that an object in `tool_choice` may have.
    private enum ChoiceType: String, CaseIterable {
        case function, custom
        case allowedTools = "allowed_tools"
    }

    /// The words that `function_call` may be.
    private enum FunctionCallWord: String, CaseIterable {
        case none, auto
    }
}
