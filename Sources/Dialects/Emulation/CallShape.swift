import Wire

/// What is wrong with a call, in a few words for the model.
struct Malformed: Error {
    let reason: String
}

/// Finds the calls in a complete JSON value, in whichever of the usual shapes a model wrote them.
struct CallShape {
    /// A call that can be given.
    struct Call {
        let tool: EmulatedTools.Tool
        let arguments: String
    }

    /// The keys that models write for a tool's name and for its arguments.
    static let nameKeys = ["name", "tool", "tool_name", "function", "function_name"]
    static let argumentKeys = ["arguments", "parameters", "input", "args", "params", "tool_input"]
    private static let wrapperKeys = ["function", "tool_call", "function_call", "call"]
    private static let listKeys = ["tool_calls", "calls"]

    let tools: EmulatedTools
    /// The name that stands outside of the JSON.
    let headerName: String?
    /// Whether arguments that do not fit are an error for tools that are not strict too.
    let isChecking: Bool

    init(_ tools: EmulatedTools, headerName: String?, isChecking: Bool) {
        self.tools = tools
        self.headerName = headerName
        self.isChecking = isChecking
    }

    /// The calls in valid JSON.
    func calls(in json: [UInt8]) throws(Malformed) -> [Call] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: json)
        } catch {
            throw Malformed(reason: "its JSON is broken")
        }
        return try calls(in: value, depth: 0)
    }

    private func calls(in value: JSONValue, depth: Int) throws(Malformed) -> [Call] {
        guard let object = value.objectValue, depth < 3 else {
            throw Malformed(reason: "it is no object with \"name\" and \"arguments\"")
        }
        if let headerName { return [try call(headerName, headerArguments(object))] }
        for key in Self.wrapperKeys {
            if let inner = object[key], case .object = inner { return try calls(in: inner, depth: depth + 1) }
        }
        for key in Self.listKeys {
            guard let list = object[key]?.arrayValue, !list.isEmpty else { continue }
            var all: [Call] = []
            for element in list { all += try calls(in: element, depth: depth + 1) }
            return all
        }
        for key in Self.nameKeys {
            guard let name = object[key]?.stringValue else { continue }
            return [try call(name, try arguments(object, besides: key, of: name))]
        }
        if object.members.count == 1, let only = object.members.first, tools.tool(named: only.key) != nil {
            return [try call(only.key, only.value)]
        }
        throw Malformed(reason: "it has no \"name\"")
    }

    private func headerArguments(_ object: JSONObject) -> JSONValue {
        if let key = Self.argumentKeys.first(where: { object[$0] != nil }), let value = object[key] {
            let isWrapped = object.members.allSatisfy { $0.key == key || Self.nameKeys.contains($0.key) }
            let parameters = headerName.flatMap(tools.tool(named:))?.parameterNames ?? []
            if isWrapped, !parameters.contains(key) { return value }
        }
        return .object(object)
    }

    /// The arguments beside a name; those that stand in the call itself count if all are the tool's.
    private func arguments(
        _ object: JSONObject, besides key: String, of name: String
    ) throws(Malformed) -> JSONValue {
        if let key = Self.argumentKeys.first(where: { object[$0] != nil }), let value = object[key] {
            return value
        }
        let rest = object.members.filter { $0.key != key && !["id", "type"].contains($0.key) }
        let parameters = tools.tool(named: name)?.parameterNames ?? []
        guard rest.allSatisfy({ parameters.contains($0.key) }) else {
            throw Malformed(reason: "it has no \"arguments\"")
        }
        return .object(JSONObject(rest))
    }

    private func call(_ name: String, _ value: JSONValue) throws(Malformed) -> Call {
        guard let tool = tools.tool(named: name) else {
            let names = tools.callable.map(\.name).joined(separator: ", ")
            throw Malformed(reason: "there is no tool of that name to be called, only: \(names)")
        }
        switch tool.kind {
        case .custom: return Call(tool: tool, arguments: try input(value))
        case .function:
            let arguments = try fitting(try object(value), tool)
            return Call(tool: tool, arguments: String(decoding: arguments.serialized(), as: UTF8.self))
        }
    }

    private func input(_ value: JSONValue) throws(Malformed) -> String {
        if let text = value.stringValue { return text }
        if let text = value[EmulatedTools.inputName]?.stringValue { return text }
        if let members = value.objectValue?.members, members.count == 1,
            let text = members[0].value.stringValue
        {
            return text
        }
        throw Malformed(reason: "its arguments must be an object with the string \"input\"")
    }

    private func object(_ value: JSONValue) throws(Malformed) -> JSONValue {
        switch value {
        case .object: return value
        case .null: return .object(JSONObject())
        case .string(let text):
            var reader = LenientJSONReader()
            var json: [UInt8] = []
            let bytes = Array(text.utf8)
            if bytes.allSatisfy(\.isASCIIBlank) { return .object(JSONObject()) }
            _ = reader.feed(bytes[...], into: &json)
            if reader.state == .open { _ = reader.finish(closesStrings: false, into: &json) }
            if let inner = try? JSONValue(parsing: json), case .object = inner { return inner }
        default: break
        }
        throw Malformed(reason: "its \"arguments\" must be an object")
    }

    /// The arguments as the schema wants them, if that is unambiguous.
    private func fitting(_ value: JSONValue, _ tool: EmulatedTools.Tool) throws(Malformed) -> JSONValue {
        guard let schema = tool.schema, let complaint = schema.complaint(about: value) else { return value }
        if let repaired = schema.coerced(value), schema.complaint(about: repaired) == nil { return repaired }
        guard tool.isStrict || isChecking else { return value }
        throw Malformed(reason: "its arguments do not fit the schema: \(complaint)")
    }
}
