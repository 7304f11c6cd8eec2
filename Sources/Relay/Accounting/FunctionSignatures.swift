import Dialects
import Wire

/// Functions as OpenAI's models are shown them: declarations of TypeScript in a namespace.
///
/// The harmony format documents the notation (https://cookbook.openai.com/articles/openai-harmony, "Function calling");
/// that models before it are given the same was found by asking them and by OpenAI's own counts
/// (https://hmarr.com/blog/counting-openai-tokens/), which the tests repeat.
enum FunctionSignatures {
    /// The declarations of some functions; what a schema says beyond types, names and descriptions is left out.
    static func text(_ functions: [FunctionTool]) -> String {
        var lines = ["namespace functions {", ""]
        for function in functions {
            if let description = function.description, !description.isEmpty {
                lines.append("// \(description)")
            }
            let properties = properties(of: function.parameters)
            if properties.isEmpty {
                lines.append("type \(function.name) = () => any;")
            } else {
                lines.append("type \(function.name) = (_: {")
                lines += members(properties, of: function.parameters, indent: 0)
                lines.append("}) => any;")
            }
            lines.append("")
        }
        lines.append("} // namespace functions")
        return lines.joined(separator: "\n")
    }

    private static func properties(of schema: JSONValue?) -> [JSONObject.Member] {
        schema?["properties"]?.objectValue?.members ?? []
    }

    /// The lines of an object's members: a description, if there is one, above its member.
    private static func members(
        _ properties: [JSONObject.Member], of schema: JSONValue?, indent: Int
    ) -> [String] {
        let required = Set((schema?["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        let space = String(repeating: " ", count: indent)
        var lines: [String] = []
        for property in properties {
            if let description = property.value["description"]?.stringValue, !description.isEmpty {
                lines.append("\(space)// \(description)")
            }
            let mark = required.contains(property.key) ? "" : "?"
            lines.append("\(space)\(property.key)\(mark): \(type(property.value, indent: indent)),")
        }
        return lines
    }

    private static func type(_ schema: JSONValue, indent: Int) -> String {
        if let values = schema["enum"]?.arrayValue, !values.isEmpty {
            return values.map(literal).joined(separator: " | ")
        }
        if let value = schema["const"] { return literal(value) }
        if let choices = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue, !choices.isEmpty {
            return choices.map { type($0, indent: indent) }.joined(separator: " | ")
        }
        switch schema["type"] {
        case .string(let name)?: return type(named: name, schema, indent: indent)
        case .array(let names)?:
            // Each once: what is described twice at every depth doubles with each.
            var seen: Set<String> = []
            let types = names.compactMap(\.stringValue).filter { seen.insert($0).inserted }
                .map { type(named: $0, schema, indent: indent) }
            return types.isEmpty ? "any" : types.joined(separator: " | ")
        default: return properties(of: schema).isEmpty ? "any" : type(named: "object", schema, indent: indent)
        }
    }

    private static func type(named name: String, _ schema: JSONValue, indent: Int) -> String {
        switch name {
        case "string", "boolean", "null": return name
        case "number", "integer": return "number"
        case "array":
            guard let items = schema["items"] else { return "any[]" }
            return type(items, indent: indent) + "[]"
        case "object":
            let lines = members(properties(of: schema), of: schema, indent: indent + 2)
            return (["{"] + lines + ["}"]).joined(separator: "\n")
        default: return "any"
        }
    }

    private static func literal(_ value: JSONValue) -> String {
        String(decoding: value.serialized(), as: UTF8.self)
    }
}
