import Wire

extension Emulation.Draft {
    /// The turn that tells the model about tools and form; nil when there is nothing to tell.
    var instructions: String? {
        var sections: [String] = []
        if !tools.list.isEmpty { sections.append(toolInstructions) }
        if let form { sections.append(formInstructions(form)) }
        return sections.isEmpty ? nil : sections.joined(separator: "\n\n")
    }

    private var toolInstructions: String {
        let count =
            tools.isAlwaysOneCall
            ? "Make one call at most in an answer."
            : "For several calls, write several such blocks, one after the other."
        return """
            You can call tools. Each line is one tool, its parameters as a JSON schema:
            \(tools.list)
            To call a tool, write a block of exactly this form, on lines of its own and not in a code fence:
            \(marker.start)
            {"name": "NAME", "arguments": {"PARAMETER": "VALUE"}}
            \(marker.end)

            Rules for calls:
            - "name" is the name of a listed tool, "arguments" is one JSON object that fits its schema.
            - \(count)
            - After the last block stop at once and wait: the results come in the next turns, in the order of the calls.
            - Never write or guess a result yourself. Nothing is done unless you call the tool.
            - If no tool is needed, answer without a block.
            """
    }

    private func formInstructions(_ form: EmulatedForm) -> String {
        let subject = tools.list.isEmpty ? "Your answer" : "An answer without a call"
        var text = "\(subject) must be one JSON \(form.isAnyObject ? "object" : "value") and nothing else: "
        text += "no code fence, no text before or after it."
        if let description = form.description { text += "\nIt is: \(description)" }
        if let schema = form.schemaText { text += "\nIt must fit this JSON schema:\n\(schema)" }
        return text
    }
}

extension ToolMarker {
    /// A call of an earlier turn, as the model is told to write calls.
    func block(_ call: ToolCall) -> String {
        var writer = JSONWriter()
        switch call.kind {
        case .custom:
            writer.beginObject()
            writer.key("input")
            writer.string(call.arguments)
            writer.endObject()
        case .function:
            let bytes = Array(call.arguments.utf8)
            let word = bytes.drop(while: \.isASCIIBlank)
            // Both mean a call without arguments.
            if word.isEmpty || word.elementsEqual("null".utf8) {
                writer.beginObject()
                writer.endObject()
            } else if (try? JSONScanner.validate(bytes.span)) != nil {
                writer.raw(bytes)
            } else {
                // Whatever a client calls arguments stays in its place.
                writer.string(call.arguments)
            }
        }
        let arguments = String(decoding: writer.bytes, as: UTF8.self)
        let name = String(decoding: JSONValue.string(call.name).serialized(), as: UTF8.self)
        // Spaced like the example that the model is given.
        return "\(start)\n{\"name\": \(name), \"arguments\": \(arguments)}\n\(end)"
    }
}
