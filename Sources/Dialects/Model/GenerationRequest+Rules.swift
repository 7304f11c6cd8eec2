import Wire

/// The rules about tools that hold in every dialect.
extension GenerationRequest {
    /// How many tools a request may have; agents with several tool servers have about a hundred.
    public static let maximumTools = 256
    /// How long a tool's schema may be as compact JSON, in bytes.
    public static let maximumSchemaBytes = 256 * 1024
    /// How long all tools may be together, in bytes: they are part of every prompt.
    public static let maximumToolBytes = 1024 * 1024
    /// How long a tool's name may be, in characters: Anthropic's limit, the longest of all vendors'.
    public static let maximumToolNameLength = 128

    /// Checks what every dialect forbids, once the conversation is complete.
    ///
    /// Ids are those of the calls in the turns; OpenAI's old function messages have none and are not looked at. A call's
    /// id may come again after its result, since several vendors number the calls of each turn anew.
    ///
    /// - Throws: `invalidRequest` naming the member to blame.
    public func checkRules() throws(Failure) {
        let names = try checkTools()
        try checkToolChoice(among: names)
        try checkCalls()
    }

    /// Checks the tools and gives their names.
    private func checkTools() throws(Failure) -> Set<String> {
        guard tools.count <= Self.maximumTools else {
            throw Failure(
                .invalidRequest,
                "There are \(tools.count) tools, but at most \(Self.maximumTools) are allowed.",
                parameter: tools[Self.maximumTools].isLegacy ? "functions" : "tools", code: "too_many_tools")
        }
        var names: Set<String> = []
        var totalBytes = 0
        for (place, tool) in zip(toolPlaces, tools) {
            let schemaBytes = tool.schema?.serialized().count ?? 0
            guard schemaBytes <= Self.maximumSchemaBytes else {
                throw Failure(
                    .invalidRequest,
                    "The tool's schema has \(schemaBytes) bytes, but at most \(Self.maximumSchemaBytes) are allowed.",
                    parameter: place, code: "schema_too_large")
            }
            totalBytes += schemaBytes + tool.words.reduce(0) { $0 + $1.utf8.count }
            guard totalBytes <= Self.maximumToolBytes else {
                throw Failure(
                    .invalidRequest, "The tools together have more than \(Self.maximumToolBytes) bytes.",
                    parameter: place, code: "tools_too_large")
            }
            guard let name = tool.name else { continue }
            if let reason = Self.complaint(aboutToolName: name) {
                throw Failure(.invalidRequest, reason, parameter: "\(place).name", code: "invalid_tool_name")
            }
            guard names.insert(name).inserted else {
                throw Failure(
                    .invalidRequest, "There is more than one tool named '\(name)'.",
                    parameter: "\(place).name", code: "duplicate_tool_name")
            }
        }
        return names
    }

    /// Where each tool stands in the client's request.
    var toolPlaces: [String] {
        var legacyCount = 0
        return tools.enumerated().map { index, tool in
            if let place = tool.place { return place }
            guard tool.isLegacy else { return "tools[\(index - legacyCount)]" }
            legacyCount += 1
            return "functions[\(legacyCount - 1)]"
        }
    }

    private static func complaint(aboutToolName name: String) -> String? {
        if name.isEmpty { return "A tool's name must not be empty." }
        if name.unicodeScalars.count > maximumToolNameLength {
            return "A tool's name may have at most \(maximumToolNameLength) characters."
        }
        let isBad = name.unicodeScalars.contains {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control
        }
        return isBad ? "A tool's name must not have white space or control characters." : nil
    }

    private func checkToolChoice(among names: Set<String>) throws(Failure) {
        let place = ignorable.first { $0.feature == .toolChoice }?.name ?? "tool_choice"
        switch toolChoice {
        case .required where tools.isEmpty:
            throw Failure(
                .invalidRequest, "A tool call is demanded, but there are no tools.", parameter: place,
                code: "no_tools")
        case .tool(let name) where !names.contains(name) && !hasVendorTool(ofType: name):
            throw Self.unknownTool(name, at: place)
        case .allowed(let choice):
            for name in EmulatedTools.AllowedTools(choice).names where !names.contains(name) {
                throw Self.unknownTool(name, at: place)
            }
        default: break
        }
    }

    /// True for the type of a tool that the vendor runs, by which OpenAI's dialects choose one.
    private func hasVendorTool(ofType type: String) -> Bool {
        tools.contains { if case .vendor(type, _) = $0.kind { true } else { false } }
    }

    private static func unknownTool(_ name: String, at place: String) -> Failure {
        Failure(
            .invalidRequest, "There is no tool named '\(name.prefix(64))' to choose.", parameter: place,
            code: "unknown_tool")
    }

    /// Checks that each result has its call before it and that no two calls can be mixed up.
    private func checkCalls() throws(Failure) {
        var calls: Set<String> = []
        var unanswered: Set<String> = []
        for turn in turns {
            var results: Set<String> = []
            for (index, part) in turn.parts.enumerated() {
                let place = turn.places[index]?.path ?? turn.origin
                if case .toolCall(let call) = part, let id = call.id {
                    guard unanswered.insert(id).inserted else {
                        throw Self.wrong(
                            place, "There is more than one tool call", id, "duplicate_tool_call_id")
                    }
                    calls.insert(id)
                } else if case .toolResult(let result) = part, let id = result.callID {
                    guard calls.contains(id) else {
                        throw Self.wrong(
                            place, "There is no tool call before this result", id, "unknown_tool_call_id")
                    }
                    guard results.insert(id).inserted else {
                        throw Self.wrong(
                            place, "There is more than one result for the tool call", id,
                            "duplicate_tool_result")
                    }
                    unanswered.remove(id)
                }
            }
        }
    }

    private static func wrong(_ place: String?, _ reason: String, _ id: String, _ code: String) -> Failure {
        // An id as long as a novel would make the message one.
        Failure(
            .invalidRequest, "\(reason) with the ID '\(id.prefix(64))'.", parameter: place, code: code)
    }
}

extension Tool {
    /// The name by which a tool is called or chosen; nil for one of a vendor's that has none.
    fileprivate var name: String? {
        switch kind {
        case .function(let tool): tool.name
        case .custom(let tool): tool.name
        case .vendor(_, let json): json["name"]?.stringValue
        }
    }

    /// True when the tool came by OpenAI's old `functions`.
    fileprivate var isLegacy: Bool {
        if case .function(let tool) = kind { tool.isLegacy } else { false }
    }

    /// What describes the tool's input, or all that is known of a vendor's tool.
    fileprivate var schema: JSONValue? {
        switch kind {
        case .function(let tool): tool.parameters
        case .custom(let tool): tool.format
        case .vendor(_, let json): json
        }
    }

    /// What else the model is told of the tool.
    fileprivate var words: [String] {
        switch kind {
        case .function(let tool): [tool.name, tool.description ?? ""]
        case .custom(let tool): [tool.name, tool.description ?? ""]
        case .vendor: []
        }
    }
}
