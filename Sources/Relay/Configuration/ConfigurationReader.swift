import Wire

/// What the reading of one configuration file can draw on besides the file itself.
struct ConfigurationReader {
    /// The file's name in errors.
    let fileName: String
    /// The process's environment.
    let environment: [String: String]
    /// Reads a whole file; throws whatever describes the trouble.
    let readFile: (String) throws -> [UInt8]

    /// More bytes than this are no secret.
    static let maximumSecretBytes = 65536

    /// An error at the place of a node.
    func error(at node: JSON5Node, _ message: String) -> ConfigurationError {
        ConfigurationError(source: fileName, line: node.line, column: node.column, message: message)
    }

    /// The error for a node of the wrong type.
    func mismatch(_ node: JSON5Node, expected: String) -> ConfigurationError {
        error(at: node, "expected \(expected), found \(node.typeName)")
    }

    /// The text of a string node with each `${NAME}` replaced by that environment variable.
    ///
    /// `$${` stands for a literal `${`. A value that was put in is not looked at again.
    func string(_ node: JSON5Node) throws(ConfigurationError) -> String {
        guard case .string(let text) = node.kind else { throw mismatch(node, expected: "a string") }
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw error(at: node, "\"${\" without \"}\"; write \"$${\" for the characters themselves")
                }
                let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                guard let value = environment[name] else {
                    throw error(at: node, "environment variable \"\(name)\" is not set")
                }
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// A secret: the text itself, or with `file:PATH` the content of that file without line breaks at its end.
    func secret(_ node: JSON5Node) throws(ConfigurationError) -> Secret {
        let text = try string(node)
        guard let path = text.removingPrefix("file:") else {
            guard !text.isEmpty else { throw error(at: node, "the secret is empty") }
            return Secret(text)
        }
        var content: [UInt8]
        do {
            content = try readFile(path)
        } catch {
            throw self.error(at: node, "cannot read \"\(path)\": \(error)")
        }
        while content.last == UInt8(ascii: "\n") || content.last == UInt8(ascii: "\r") {
            content.removeLast()
        }
        guard !content.isEmpty else { throw error(at: node, "\"\(path)\" is empty") }
        guard content.count <= Self.maximumSecretBytes,
            let secret = String(validating: content, as: UTF8.self)
        else {
            throw error(at: node, "\"\(path)\" holds no text that could be a secret")
        }
        return Secret(secret)
    }
}
