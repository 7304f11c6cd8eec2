import Wire

extension OpenAIResponsesRequestDecoder {
    /// Reads `tools`; an empty list is as good as none, since many clients send one.
    ///
    /// Tools in a namespace become functions of their own. A web search becomes the request's web search. Everything
    /// else that the vendor would run is kept as it came.
    static func tools(
        _ field: RequestField, names: inout ResponsesToolNames, into request: inout GenerationRequest
    ) throws(Failure) -> [Tool] {
        var tools: [Tool] = []
        for element in try field.elements(expected: "an array of objects") {
            _ = try element.object()
            let type = try element.required("type").string()
            switch type {
            case "function", "custom": tools.append(Tool(kind: try clientTool(element), place: element.path))
            case "namespace":
                let namespace = try element.required("name").nonEmptyString()
                let members = try element.required("tools").elements(expected: "an array of objects")
                for member in members {
                    _ = try member.object()
                    var kind = try clientTool(member)
                    kind.rename { names.add(namespace: namespace, name: $0) }
                    tools.append(Tool(kind: kind, place: member.path))
                }
            case _ where type.hasPrefix("web_search") && element.searchesLive:
                try decodeWebSearch(element, into: &request)
            default:
                tools.append(Tool(kind: .vendor(type: type, json: element.value), place: element.path))
                request.ignorable.append(RequestParameter(name: element.path, feature: .vendorOnly))
            }
        }
        return tools
    }

    private static func clientTool(_ tool: RequestField) throws(Failure) -> Tool.Kind {
        let type = try tool.required("type").word(ClientToolType.self)
        let name = try tool.required("name").nonEmptyString()
        let description = try tool.member("description")?.string()
        switch type {
        case .function:
            let parameters = tool.member("parameters")
            _ = try parameters?.object()
            return .function(
                FunctionTool(
                    name: name, description: description, parameters: parameters?.value,
                    isStrict: try tool.member("strict")?.boolean()))
        case .custom:
            let format = tool.member("format")
            _ = try format?.object()
            return .custom(CustomTool(name: name, description: description, format: format?.value))
        }
    }

    private static func decodeWebSearch(
        _ tool: RequestField, into request: inout GenerationRequest
    ) throws(Failure) {
        request.webSearch.isOn = true
        if let size = tool.member("search_context_size") {
            request.webSearch.contextSize = try size.word(WebSearch.ContextSize.self)
        }
        if let location = tool.member("user_location") {
            request.webSearch.userLocation = try location.object()
            request.ignorable.append(
                RequestParameter(name: "\(tool.path).user_location", feature: .webSearchLocation))
        }
        // Which sites may be read narrows the search like the place where it is made.
        if let filters = tool.member("filters") {
            _ = try filters.object()
            request.ignorable.append(
                RequestParameter(name: "\(tool.path).filters", feature: .webSearchLocation))
        }
    }

    /// Lets the choice among tools decide on the web search too, which the API counts among them.
    ///
    /// A search is made before every answer: where there is no other tool, a call that is demanded is made by it.
    static func applyToolChoice(to request: inout GenerationRequest) {
        guard request.webSearch.isOn else { return }
        if request.tools.contains(where: \.isRunByClient) {
            // Where the model is to decide among tools, a search before every answer would be paid for.
            request.webSearch.isOn = false
            request.ignorable.append(RequestParameter(name: "tools.web_search", feature: .vendorOnly))
            return
        }
        switch request.toolChoice {
        case .some(.none): request.webSearch.isOn = false
        case .required where request.tools.isEmpty: request.toolChoice = .automatic
        case nil, .automatic, .required, .tool, .allowed: break
        }
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
        let type = try field.required("type").nonEmptyString()
        switch type {
        case "function", "custom":
            let name = try field.required("name").nonEmptyString()
            guard let namespace = try field.member("namespace")?.string(), !namespace.isEmpty else {
                return .tool(name: name)
            }
            return .tool(name: ResponsesToolNames.joined(namespace: namespace, name: name))
        case "allowed_tools":
            _ = try field.required("mode").word(AllowedMode.self)
            for tool in try field.required("tools").elements(expected: "an array of objects") {
                _ = try tool.object()
            }
            return .allowed(field.value)
        // The web search is made before every answer anyway.
        case _ where type.hasPrefix("web_search"): return .automatic
        // A tool that the vendor runs: named by its type, which no tool of the client's can fulfil.
        default: return .tool(name: type)
        }
    }

    /// The types of tools that the client runs.
    private enum ClientToolType: String, CaseIterable {
        case function, custom
    }

    /// The words that `tool_choice` may be.
    private enum ChoiceWord: String, CaseIterable {
        case none, auto, required
    }

    /// The values of `tool_choice.mode`.
    private enum AllowedMode: String, CaseIterable {
        case auto, required
    }
}

extension RequestField {
    /// False for a search that may read nothing but the vendor's own store, as Codex asks for unless told otherwise: it
    /// is an offer to the model, and no search that others make is like it.
    fileprivate var searchesLive: Bool { member("external_web_access")?.value.boolValue ?? true }
}

extension Tool.Kind {
    /// Gives a tool of the client's another name.
    fileprivate mutating func rename(_ name: (String) -> String) {
        switch self {
        case .function(var tool):
            tool.name = name(tool.name)
            self = .function(tool)
        case .custom(var tool):
            tool.name = name(tool.name)
            self = .custom(tool)
        case .vendor: break
        }
    }
}
