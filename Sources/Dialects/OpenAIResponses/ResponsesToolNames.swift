/// The names of tools that came in a namespace (`{"type":"namespace","name":…,"tools":[…]}`), which Codex makes of
/// every MCP server.
///
/// The neutral model has no namespaces, so such a tool goes by both names joined, and calls of it are taken apart again
/// by what the request had.
struct ResponsesToolNames: Sendable, Equatable {
    private var parts: [String: Parts] = [:]

    /// A name and the namespace it is in.
    struct Parts: Sendable, Equatable {
        let namespace: String
        let name: String
    }

    /// No tool in a namespace.
    init() {}

    /// The name of a tool for the model.
    static func joined(namespace: String, name: String) -> String {
        namespace.hasSuffix("__") ? namespace + name : "\(namespace)__\(name)"
    }

    /// Adds a tool; gives its name for the model.
    mutating func add(namespace: String, name: String) -> String {
        let joined = Self.joined(namespace: namespace, name: name)
        parts[joined] = Parts(namespace: namespace, name: name)
        return joined
    }

    /// The namespace and the name of a tool by its name for the model; nil for one that is in none.
    subscript(joined: String) -> Parts? { parts[joined] }
}
