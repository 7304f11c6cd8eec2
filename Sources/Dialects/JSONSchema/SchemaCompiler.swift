import Wire

/// Makes nodes of a schema and of what it refers to, each place once.
struct SchemaCompiler {
    let document: JSONValue
    private(set) var nodes: [SchemaNode] = []
    private var known: [String: Int] = [:]
    var anchors: [String: SchemaPlace]?
    private var nesting = 0
    private var placeBytes = 0
    private var patternStates = 0

    init(document: JSONValue) {
        self.document = document
    }

    /// The node of the schema at a place.
    mutating func node(_ schema: JSONValue, at place: SchemaPlace) throws(SchemaFault) -> Int {
        // Long names have all that is inside them in a place of their length.
        placeBytes += place.keys.reduce(0) { $0 + $1.utf8.count + 1 }
        guard placeBytes <= JSONSchema.maximumPlaceBytes else {
            throw SchemaFault("schema has too many parts inside long names")
        }
        let pointer = place.pointer
        if let index = known[pointer] { return index }
        guard nodes.count < JSONSchema.maximumNodes else { throw SchemaFault("schema has too many parts") }
        // References nest too: each may be the first to lead to the next.
        guard nesting < JSONSchema.maximumNesting else {
            throw SchemaFault(place, "schema is nested too deeply")
        }
        nesting += 1
        defer { nesting -= 1 }
        let index = nodes.count
        known[pointer] = index
        nodes.append(SchemaNode())
        switch schema {
        case .bool(false): nodes[index].constraints = [.never]
        case .object(let object): nodes[index] = try node(object, at: place)
        default: break
        }
        return index
    }

    private mutating func node(_ schema: JSONObject, at place: SchemaPlace) throws(SchemaFault) -> SchemaNode
    {
        var node = SchemaNode()
        node.isNullable = schema["nullable"]?.boolValue == true
        if let reference = schema["$ref"]?.stringValue {
            node.constraints.append(.all([try target(of: reference, at: place)]))
        }
        if let types = Self.types(schema["type"]) { node.constraints.append(.types(types)) }
        if let value = schema["const"] { node.constraints.append(.values(SchemaValues([value]))) }
        if let values = schema["enum"]?.arrayValue { node.constraints.append(.values(SchemaValues(values))) }
        addScalarConstraints(schema, to: &node.constraints)
        try addObjectConstraints(schema, at: place, to: &node.constraints)
        try addArrayConstraints(schema, at: place, to: &node.constraints)
        try addCombinations(schema, at: place, to: &node.constraints)
        return node
    }

    private static func types(_ value: JSONValue?) -> SchemaTypes? {
        if let name = value?.stringValue { return SchemaTypes(name: name) }
        guard let names = value?.arrayValue, !names.isEmpty else { return nil }
        var types: SchemaTypes = []
        for name in names {
            guard let type = name.stringValue.flatMap(SchemaTypes.init(name:)) else { return nil }
            types.formUnion(type)
        }
        return types
    }

    private mutating func addScalarConstraints(
        _ schema: JSONObject, to list: inout [SchemaNode.Constraint]
    ) {
        // In draft 4 the exclusive ones were flags beside the others.
        if let least = schema["minimum"]?.doubleValue {
            list.append(.least(least, isExclusive: schema["exclusiveMinimum"]?.boolValue == true))
        }
        if let most = schema["maximum"]?.doubleValue {
            list.append(.most(most, isExclusive: schema["exclusiveMaximum"]?.boolValue == true))
        }
        if let least = schema["exclusiveMinimum"]?.doubleValue {
            list.append(.least(least, isExclusive: true))
        }
        if let most = schema["exclusiveMaximum"]?.doubleValue { list.append(.most(most, isExclusive: true)) }
        if let divisor = schema["multipleOf"]?.doubleValue, divisor > 0 {
            list.append(.multiple(of: divisor))
        }
        if let bounds = Self.bounds(schema, "minLength", "maxLength") { list.append(.length(bounds)) }
        if let format = schema["format"]?.stringValue.flatMap(SchemaFormat.init(rawValue:)) {
            list.append(.format(format))
        }
        if let pattern = schema["pattern"]?.stringValue.flatMap({ pattern($0) }) {
            list.append(.pattern(pattern))
        }
    }

    /// A pattern; nil for one that is not understood, and when the schema's patterns are too large together.
    private mutating func pattern(_ source: String) -> SchemaPattern? {
        guard patternStates < JSONSchema.maximumPatternStates else { return nil }
        let pattern = SchemaPattern(source)
        // To find that one is too large is work too.
        patternStates += pattern?.stateCount ?? 200
        return pattern
    }

    private static func bounds(_ schema: JSONObject, _ least: String, _ most: String) -> SchemaNode.Bounds? {
        SchemaNode.Bounds(schema[least]?.intValue, schema[most]?.intValue)
    }

    private mutating func addObjectConstraints(
        _ schema: JSONObject, at place: SchemaPlace, to list: inout [SchemaNode.Constraint]
    ) throws(SchemaFault) {
        let properties = schema["properties"]?.objectValue
        var patterns: [(SchemaPattern, Int)] = []
        var areKnown = true
        for member in schema["patternProperties"]?.objectValue?.members ?? [] {
            if let pattern = pattern(member.key) {
                patterns.append(
                    (pattern, try node(member.value, at: place.then("patternProperties", member.key))))
            } else {
                areKnown = false
            }
        }
        var others: Int?
        // Which keys a pattern covers may not be known, and then neither is which are others.
        if areKnown, let other = schema["additionalProperties"] {
            others = try node(other, at: place.then("additionalProperties"))
        }
        if properties != nil || !patterns.isEmpty || others != nil {
            var byKey: [String: Int] = [:]
            for member in properties?.members ?? [] {
                byKey[member.key] = try node(member.value, at: place.then("properties", member.key))
            }
            list.append(.members(byKey, patterns: patterns, others: others))
        }
        if let keys = schema["required"]?.arrayValue {
            list.append(.required(keys.compactMap(\.stringValue)))
        }
        if let bounds = Self.bounds(schema, "minProperties", "maxProperties") {
            list.append(.memberCount(bounds))
        }
        if let names = schema["propertyNames"] {
            list.append(.names(try node(names, at: place.then("propertyNames"))))
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for member in schema[keyword]?.objectValue?.members ?? [] {
                if let keys = member.value.arrayValue {
                    list.append(.dependentRequired(key: member.key, keys.compactMap(\.stringValue)))
                } else {
                    let dependent = try node(member.value, at: place.then(keyword, member.key))
                    list.append(.dependentSchema(key: member.key, dependent))
                }
            }
        }
    }

    private mutating func addArrayConstraints(
        _ schema: JSONObject, at place: SchemaPlace, to list: inout [SchemaNode.Constraint]
    ) throws(SchemaFault) {
        // In draft 7 `items` was the list, and `additionalItems` the rest.
        let isOld = schema["items"]?.arrayValue != nil
        let (first, rest) = isOld ? ("items", "additionalItems") : ("prefixItems", "items")
        let firstNodes = try nodes(schema, first, at: place)
        let restNode: Int? =
            if let other = schema[rest] { try node(other, at: place.then(rest)) } else { nil }
        if !firstNodes.isEmpty || restNode != nil { list.append(.items(first: firstNodes, rest: restNode)) }
        if let bounds = Self.bounds(schema, "minItems", "maxItems") { list.append(.itemCount(bounds)) }
        if schema["uniqueItems"]?.boolValue == true { list.append(.uniqueItems) }
        if let wanted = schema["contains"] {
            let bounds = SchemaNode.Bounds(
                schema["minContains"]?.intValue ?? 1, schema["maxContains"]?.intValue)
            if let bounds { list.append(.contains(try node(wanted, at: place.then("contains")), bounds)) }
        }
    }

    private mutating func addCombinations(
        _ schema: JSONObject, at place: SchemaPlace, to list: inout [SchemaNode.Constraint]
    ) throws(SchemaFault) {
        let all = try nodes(schema, "allOf", at: place)
        if !all.isEmpty { list.append(.all(all)) }
        let any = try nodes(schema, "anyOf", at: place)
        if !any.isEmpty { list.append(.any(any)) }
        let one = try nodes(schema, "oneOf", at: place)
        if !one.isEmpty { list.append(.one(one)) }
        if let not = schema["not"] { list.append(.not(try node(not, at: place.then("not")))) }
        if let test = schema["if"] {
            var branches: [Int?] = []
            for keyword in ["then", "else"] {
                if let branch = schema[keyword] {
                    branches.append(try node(branch, at: place.then(keyword)))
                } else {
                    branches.append(nil)
                }
            }
            let testNode = try node(test, at: place.then("if"))
            list.append(.condition(testNode, then: branches[0], otherwise: branches[1]))
        }
    }

    private mutating func nodes(
        _ schema: JSONObject, _ keyword: String, at place: SchemaPlace
    ) throws(SchemaFault) -> [Int] {
        var indices: [Int] = []
        for (index, element) in (schema[keyword]?.arrayValue ?? []).enumerated() {
            indices.append(try node(element, at: place.then(keyword, String(index))))
        }
        return indices
    }
}
