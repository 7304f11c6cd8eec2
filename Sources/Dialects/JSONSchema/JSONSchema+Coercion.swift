public import Wire

extension JSONSchema {
    /// The value with what the schema shows to be meant otherwise put right; nil when it fits, or does not fit even then.
    ///
    /// | where the schema allows only | the value | becomes |
    /// |---|---|---|
    /// | numbers, booleans or null | a string that is one, such as `"5"` | what it says |
    /// | arrays or objects | a string of JSON that is one | what it says |
    /// | strings | a number or a boolean | its text |
    /// | arrays | anything else but null | an array of it |
    /// | listed strings | one that differs in case only | the listed one |
    /// | an optional property other than null | null | nothing |
    /// | at the root: an object | an object with nothing but `arguments`, `parameters` or the like | what is inside |
    ///
    /// Of alternatives one must fit so, and no other.
    public func coerced(_ value: JSONValue) -> JSONValue? {
        var coercion = SchemaCoercion(nodes)
        guard !coercion.check.fits(value, root), !coercion.check.isExhausted else { return nil }
        if let result = coercion.fitting(value, root) { return result }
        guard let members = value.objectValue?.members, members.count == 1,
            SchemaCoercion.wrappers.contains(members[0].key)
        else { return nil }
        let inner = members[0].value
        if inner.objectValue != nil, coercion.check.fits(inner, root) {
            return coercion.check.isExhausted ? nil : inner
        }
        return coercion.fitting(inner, root)
    }
}

/// Looks for the one way to make a value fit.
struct SchemaCoercion {
    private let nodes: [SchemaNode]
    var check: SchemaCheck
    private var depth = 0

    /// Names that models put around arguments.
    static let wrappers: Set<String> = [
        "arguments", "args", "input", "kwargs", "parameter", "parameters", "params",
    ]

    init(_ nodes: [SchemaNode]) {
        self.nodes = nodes
        self.check = SchemaCheck(nodes)
    }

    /// A value made to fit; nil when it cannot be.
    mutating func fitting(_ value: JSONValue, _ index: Int) -> JSONValue? {
        let result = changed(value, index)
        guard check.fits(result, index), !check.isExhausted else { return nil }
        return result
    }

    /// The value with whatever the schema's own constraints ask for; it need not fit then.
    private mutating func changed(_ value: JSONValue, _ index: Int) -> JSONValue {
        guard depth < JSONSchema.maximumNesting, !check.isExhausted, !check.fits(value, index) else {
            return value
        }
        depth += 1
        defer { depth -= 1 }
        var result = value
        for constraint in nodes[index].constraints {
            switch constraint {
            case .types(let types): result = typed(result, types)
            case .values(let values): result = listed(result, values)
            case .all(let all): for node in all { result = changed(result, node) }
            case .any(let choices), .one(let choices): result = alternative(result, choices)
            case .items(let first, let rest):
                guard let items = result.arrayValue else { break }
                result = .array(
                    items.enumerated().map { position, item in
                        (position < first.count ? first[position] : rest).map { changed(item, $0) } ?? item
                    })
            case .members(let byKey, _, let others):
                guard let object = result.objectValue else { break }
                result = .object(
                    members(of: object, byKey, others: others, required: nodes[index].requiredKeys))
            default: break
            }
        }
        return result
    }

    private mutating func members(
        of object: JSONObject, _ byKey: [String: Int], others: Int?, required: Set<String>
    ) -> JSONObject {
        var members: [JSONObject.Member] = []
        for member in object.members {
            let node = byKey[member.key]
            guard let index = node ?? others else {
                members.append(member)
                continue
            }
            let value = changed(member.value, index)
            let isNothing = value.isNull && node != nil && !required.contains(member.key)
            if isNothing, !check.fits(value, index) { continue }
            members.append(.init(key: member.key, value: value))
        }
        return JSONObject(members)
    }

    /// What one of the schemas makes of the value, when no other makes something else of it.
    private mutating func alternative(_ value: JSONValue, _ choices: [Int]) -> JSONValue {
        var found: JSONValue?
        for node in choices {
            guard let result = fitting(value, node) else { continue }
            if let found, found != result { return value }
            found = result
        }
        return found ?? value
    }

    private mutating func typed(_ value: JSONValue, _ types: SchemaTypes) -> JSONValue {
        guard types.isDisjoint(with: SchemaTypes(of: value)) else { return value }
        switch value {
        case .string(let text):
            check.spend(text.utf8.count / 16)
            // Deeper than a schema can be, nothing would fit. What is no JSON is left as it is.
            if let said = try? JSONValue(parsing: Array(text.utf8), maximumDepth: JSONSchema.maximumNesting),
                !types.isDisjoint(with: SchemaTypes(of: said))
            {
                return said
            }
            if let truth = ["True": true, "False": false][text], types.contains(.boolean) {
                return .bool(truth)
            }
        case .number(let number) where types.contains(.string): return .string(number.text)
        case .bool(let truth) where types.contains(.string): return .string(truth ? "true" : "false")
        case .null: return value
        default: break
        }
        return types == .array ? .array([value]) : value
    }

    private mutating func listed(_ value: JSONValue, _ values: SchemaValues) -> JSONValue {
        check.spend(values.values.count + (value.stringValue?.utf8.count ?? 0) / 16)
        guard !check.isExhausted, let text = value.stringValue, !values.contains(form: value.canonicalForm)
        else { return value }
        let wanted = text.utf8.map(\.lowercasedASCII)
        let same = values.values.filter { $0.stringValue?.utf8.map(\.lowercasedASCII) == wanted }
        return same.count == 1 ? same[0] : value
    }
}

extension SchemaNode {
    /// The keys of members that must be there.
    fileprivate var requiredKeys: Set<String> {
        constraints.reduce(into: []) { keys, constraint in
            if case .required(let more) = constraint { keys.formUnion(more) }
        }
    }
}
