import Wire

/// The tools of a request that a model without tools can be told about, and which of them it may call.
struct EmulatedTools: Sendable {
    /// One of them.
    struct Tool: Sendable {
        let name: String
        let kind: ToolCall.Kind
        /// True when the arguments are held against the schema before the client gets any.
        let isStrict: Bool
        /// What the arguments have to fit; nil for any object.
        let schema: JSONSchema?
        /// The names of the parameters that the schema lists.
        let parameterNames: [String]
    }

    /// Those that may be called.
    let callable: [Tool]
    /// True when an answer without a call is none.
    let isCallRequired: Bool
    /// True when the answer ends with its first call.
    let allowsOneCall: Bool
    /// True when that holds for the whole conversation, not by the choice for this answer.
    let isAlwaysOneCall: Bool
    /// All tools as the model is told of them, one JSON object a line; empty when there are none.
    let list: String
    /// What holds for the next answer alone; nil for nothing.
    let reminder: String?

    /// Reads a request's tools.
    ///
    /// - Throws: `unsupported` for a forced tool that cannot be called, and what a strict schema is refused for.
    init(_ request: borrowing GenerationRequest) throws(Failure) {
        var tools: [Tool] = []
        var list = ""
        var isLegacy = false
        if request.toolChoice != ToolChoice.none {
            for (place, tool) in zip(request.toolPlaces, request.tools) {
                switch tool.kind {
                case .function(let function):
                    isLegacy = isLegacy || function.isLegacy
                    tools.append(try Self.tool(function, at: place))
                    list += Self.line(function)
                case .custom(let custom):
                    tools.append(
                        Tool(
                            name: custom.name, kind: .custom, isStrict: false, schema: nil,
                            parameterNames: [Self.inputName]))
                    list += Self.line(custom)
                case .vendor: break
                }
            }
        }
        self.list = list
        var callable = tools
        var isRequired = false
        var allowsOne = request.parallelToolCalls == false || isLegacy
        var reminder: String?
        switch request.toolChoice {
        case nil, .some(.none), .automatic: break
        case .required:
            isRequired = true
            reminder = "This answer must call at least one tool."
        case .tool(let name):
            callable = tools.filter { $0.name == name }
            isRequired = true
            allowsOne = true
            reminder = "This answer must call the tool \(name) once, and no other tool."
        case .allowed(let choice):
            let allowed = AllowedTools(choice)
            callable = tools.filter { allowed.names.contains($0.name) }
            isRequired = allowed.isRequired
            let names = callable.map(\.name).joined(separator: ", ")
            reminder =
                isRequired
                ? "This answer must call at least one of these tools, and no other: \(names)."
                : "In this answer you may call these tools only: \(names)."
        }
        if callable.isEmpty, isRequired {
            throw Failure(
                .unsupported, "The tool that must be called is none that models of this upstream can call.",
                parameter: request.ignorable.first { $0.feature == .toolChoice }?.name)
        }
        self.callable = callable
        isCallRequired = isRequired
        allowsOneCall = allowsOne
        isAlwaysOneCall = request.parallelToolCalls == false || isLegacy
        self.reminder = list.isEmpty ? nil : reminder
    }

    /// The parameter by which free-form input is passed.
    static let inputName = "input"

    /// The one tool that a model means by a name; nil when it is none or several.
    ///
    /// Besides the exact name, another case of it and OpenAI's namespace before it are understood.
    func tool(named name: String) -> Tool? {
        if let exact = callable.first(where: { $0.name == name }) { return exact }
        let prefix = "functions."
        let bare = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        if let exact = callable.first(where: { $0.name == bare }) { return exact }
        let folded = bare.lowercased()
        let similar = callable.filter { $0.name.lowercased() == folded }
        return similar.count == 1 ? similar[0] : nil
    }

    private static func tool(_ function: FunctionTool, at path: String) throws(Failure) -> Tool {
        var schema: JSONSchema?
        if let parameters = function.parameters {
            if function.isStrict == true {
                schema = try JSONSchema(parameters, strictness: .strict, path: path)
            } else {
                schema = try JSONSchema.lenient(parameters, path: path)
            }
        }
        let names = function.parameters?["properties"]?.objectValue?.members.map(\.key) ?? []
        return Tool(
            name: function.name, kind: .function, isStrict: function.isStrict == true, schema: schema,
            parameterNames: names)
    }

    private static func line(_ function: FunctionTool) -> String {
        line(
            function.name, function.description,
            parameters: function.parameters ?? ["type": "object", "properties": [:]])
    }

    private static func line(_ custom: CustomTool) -> String {
        line(
            custom.name, custom.description,
            parameters: [
                "type": "object", "properties": ["input": ["type": "string"]], "required": ["input"],
            ], format: custom.format)
    }

    private static func line(
        _ name: String, _ description: String?, parameters: JSONValue, format: JSONValue? = nil
    ) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        if let description {
            writer.key("description")
            writer.string(description)
        }
        writer.key("parameters")
        writer.value(parameters)
        if let format {
            writer.key("input_format")
            writer.value(format)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    /// OpenAI's choice among some tools, as its two dialects spell it.
    struct AllowedTools {
        /// The names of those that the client runs.
        let names: [String]
        /// Whether one of them must be called.
        let isRequired: Bool

        /// Reads the choice.
        init(_ choice: JSONValue) {
            let body = choice["allowed_tools"] ?? choice
            isRequired = body["mode"]?.stringValue == "required"
            names = (body["tools"]?.arrayValue ?? []).compactMap { tool in
                guard ["function", "custom", nil].contains(tool["type"]?.stringValue) else { return nil }
                let details = tool["function"] ?? tool["custom"] ?? tool
                guard let name = details["name"]?.stringValue else { return nil }
                guard let namespace = details["namespace"]?.stringValue, !namespace.isEmpty else {
                    return name
                }
                return ResponsesToolNames.joined(namespace: namespace, name: name)
            }
        }
    }
}
