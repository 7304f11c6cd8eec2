import Wire

extension SchemaCompiler {
    /// The node that a `$ref` leads to: `#`, a JSON pointer behind `#`, or an anchor.
    ///
    /// - Throws: a fault when it leads nowhere; other documents are not fetched.
    mutating func target(of reference: String, at place: SchemaPlace) throws(SchemaFault) -> Int {
        func fault() -> SchemaFault {
            SchemaFault(
                place, "reference to component '\(reference.prefix(64))' which was not found in the schema")
        }
        guard reference.hasPrefix("#") else { throw fault() }
        let fragment = PercentCoding.decode(String(reference.dropFirst()))
        var keys: [String] = []
        if fragment.hasPrefix("/") {
            keys = fragment.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(
                Self.unescaped)
        } else if !fragment.isEmpty {
            guard let anchor = anchorPlace(fragment) else { throw fault() }
            keys = anchor.keys
        }
        var target = document
        for key in keys {
            guard let next = target[key] ?? Int(key).flatMap({ target.element(at: $0) }) else {
                throw fault()
            }
            target = next
        }
        guard target.objectValue != nil || target.boolValue != nil else { throw fault() }
        return try node(target, at: SchemaPlace(keys))
    }

    /// A key of a JSON pointer: https://www.rfc-editor.org/rfc/rfc6901#section-4
    private static func unescaped(_ key: Substring) -> String {
        var result = ""
        var isEscaped = false
        for scalar in key.unicodeScalars {
            if isEscaped {
                result += scalar == "0" ? "~" : scalar == "1" ? "/" : "~\(scalar)"
                isEscaped = false
            } else if scalar == "~" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private mutating func anchorPlace(_ name: String) -> SchemaPlace? {
        if anchors == nil {
            var found: [String: SchemaPlace] = [:]
            var open = [(document, SchemaPlace())]
            while let (value, place) = open.popLast() {
                // Deeper than a schema may be, nothing is found.
                guard place.keys.count <= 2 * JSONSchema.maximumNesting else { continue }
                if let anchor = value["$anchor"]?.stringValue { found[anchor] = place }
                for member in value.objectValue?.members ?? [] where member.value.hasInside {
                    open.append((member.value, place.then(member.key)))
                }
                for (index, element) in (value.arrayValue ?? []).enumerated()
                where element.hasInside {
                    open.append((element, place.then(String(index))))
                }
            }
            anchors = found
        }
        return anchors?[name]
    }

    /// Checks that no schema is held against a value again and again: each circle has to go through a member or an
    /// element.
    func checkProgress() throws(SchemaFault) {
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: nodes.count)
        for start in nodes.indices where marks[start] == .new {
            marks[start] = .open
            var path = [(node: start, rest: nodes[start].schemasInPlace)]
            while let (node, rest) = path.last {
                guard let next = rest.last else {
                    marks[node] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].rest.removeLast()
                switch marks[next] {
                case .done: break
                case .open: throw SchemaFault.endless
                case .new:
                    marks[next] = .open
                    path.append((next, nodes[next].schemasInPlace))
                }
            }
        }
    }
}

extension JSONValue {
    /// True for objects and arrays with something in them.
    fileprivate var hasInside: Bool {
        objectValue?.members.isEmpty == false || arrayValue?.isEmpty == false
    }

    fileprivate func element(at index: Int) -> JSONValue? {
        guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}
