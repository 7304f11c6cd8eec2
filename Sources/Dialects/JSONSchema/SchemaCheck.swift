import Wire

/// Holds values against compiled schemas, with a limit on the work.
struct SchemaCheck {
    private let nodes: [SchemaNode]
    private var visits = 0
    private var depth = 0
    /// True when the work was more than is allowed; what was found then means nothing.
    private(set) var isExhausted = false

    init(_ nodes: [SchemaNode]) {
        self.nodes = nodes
    }

    /// Whether the value fits the schema with this index.
    mutating func fits(_ value: JSONValue, _ index: Int) -> Bool { complaint(about: value, index) == nil }

    /// What is wrong with a value by the schema with this index; nil when it fits, or when there is no more time.
    mutating func complaint(about value: JSONValue, _ index: Int) -> SchemaComplaint? {
        spend(1)
        guard !isExhausted, depth < JSONSchema.maximumDepth else {
            isExhausted = true
            return nil
        }
        depth += 1
        defer { depth -= 1 }
        let node = nodes[index]
        if node.isNullable, value.isNull { return nil }
        for constraint in node.constraints {
            if let complaint = complaint(about: value, constraint) { return isExhausted ? nil : complaint }
        }
        return nil
    }

    /// Counts work of so many visits.
    mutating func spend(_ cost: Int) {
        visits += cost
        if visits > JSONSchema.maximumVisits { isExhausted = true }
    }

    private mutating func complaint(
        about value: JSONValue, _ constraint: SchemaNode.Constraint
    ) -> SchemaComplaint? {
        switch constraint {
        case .never: return SchemaComplaint("nothing is allowed here", isAboutKind: true)
        case .types(let types):
            let type = SchemaTypes(of: value)
            guard types.isDisjoint(with: type) else { return nil }
            let got =
                types == .integer && type == .number
                ? SchemaComplaint.brief(value) : type.subtracting(.integer).description
            return SchemaComplaint("expected \(types.description), but got \(got)", isAboutKind: true)
        case .values(let values):
            let form = value.canonicalForm
            spend(form.count / 16)
            guard !values.contains(form: form) else { return nil }
            let expected = (values.values.count == 1 ? "" : "one of ") + SchemaComplaint.list(values.values)
            return SchemaComplaint(
                "expected \(expected), but got \(SchemaComplaint.brief(value))", isAboutKind: true)
        case .not(let node):
            return fits(value, node) ? SchemaComplaint("this value is excluded", isAboutKind: true) : nil
        case .all(let all):
            for node in all { if let complaint = complaint(about: value, node) { return complaint } }
            return nil
        case .any(let any): return alternatives(value, any, most: .max)
        case .one(let one): return alternatives(value, one, most: 1)
        case .condition(let test, let then, let otherwise):
            return (fits(value, test) ? then : otherwise).flatMap { complaint(about: value, $0) }
        case .least, .most, .multiple:
            guard case .number(let number) = value else { return nil }
            return SchemaCheck.complaint(about: number, constraint).map { SchemaComplaint($0) }
        case .pattern(let pattern):
            guard let text = value.stringValue, !isFound(pattern, in: text) else { return nil }
            let expected = SchemaComplaint.quoted(pattern.source)
            return SchemaComplaint(
                "expected a match of the pattern \(expected), but got \(SchemaComplaint.quoted(text))")
        case .length, .format:
            guard let text = value.stringValue else { return nil }
            spend(text.utf8.count / 16)
            return SchemaCheck.complaint(about: text, constraint).map { SchemaComplaint($0) }
        case .items, .itemCount, .uniqueItems, .contains:
            return value.arrayValue.flatMap { complaint(aboutItems: $0, constraint) }
        case .members, .names, .required, .memberCount, .dependentRequired, .dependentSchema:
            return value.objectValue.flatMap { complaint(aboutMembers: $0, value, constraint) }
        }
    }

    /// One of several schemas has to fit; the complaint is that of the one that was nearly right.
    private mutating func alternatives(_ value: JSONValue, _ choices: [Int], most: Int) -> SchemaComplaint? {
        var complaints: [SchemaComplaint] = []
        for node in choices {
            if let complaint = complaint(about: value, node) {
                complaints.append(complaint)
            } else if most == .max {
                return nil
            }
        }
        let count = choices.count - complaints.count
        if count > most { return SchemaComplaint("fits \(count) forms of which exactly one is allowed") }
        guard count == 0, let furthest = complaints.max(by: { $0.progress < $1.progress }) else { return nil }
        if furthest.progress > 0 { return furthest }
        var texts: [String] = []
        for complaint in complaints where !texts.contains(complaint.text) { texts.append(complaint.text) }
        return SchemaComplaint(texts.prefix(3).joined(separator: "; or: "), isAboutKind: true)
    }

    private static func complaint(about number: JSONNumber, _ constraint: SchemaNode.Constraint) -> String? {
        let value = number.comparable
        let got = "but got \(SchemaComplaint.brief(.number(number)))"
        switch constraint {
        case .least(let least, let isExclusive):
            guard isExclusive ? value <= least : value < least else { return nil }
            return
                "expected \(isExclusive ? "more than" : "at least") \(SchemaComplaint.number(least)), \(got)"
        case .most(let most, let isExclusive):
            guard isExclusive ? value >= most : value > most else { return nil }
            return "expected \(isExclusive ? "less than" : "at most") \(SchemaComplaint.number(most)), \(got)"
        case .multiple(let divisor):
            let ratio = value / divisor
            // Beyond this every floating-point number is whole. `rounded()` would need a library that is not linked.
            guard ratio.magnitude < 4_503_599_627_370_496 else { return nil }
            let nearest = Double(Int(ratio + (ratio < 0 ? -0.5 : 0.5)))
            // 0.3 is a multiple of 0.1, whatever their binary neighbours are.
            guard (ratio - nearest).magnitude > 1e-9 * Swift.max(1, ratio.magnitude) else { return nil }
            return "expected a multiple of \(SchemaComplaint.number(divisor)), \(got)"
        default: return nil
        }
    }

    private static func complaint(about text: String, _ constraint: SchemaNode.Constraint) -> String? {
        switch constraint {
        case .length(let bounds): return bounds.complaint(text.unicodeScalars.count, "character")
        case .format(let format):
            return format.fits(text)
                ? nil : "expected the format \(format.rawValue), but got \(SchemaComplaint.quoted(text))"
        default: return nil
        }
    }

    private mutating func complaint(
        aboutItems items: [JSONValue], _ constraint: SchemaNode.Constraint
    ) -> SchemaComplaint? {
        switch constraint {
        case .items(let first, let rest):
            for (index, item) in items.enumerated() {
                guard let node = index < first.count ? first[index] : rest else { return nil }
                if let complaint = complaint(about: item, node) { return complaint.within(.index(index)) }
            }
        case .itemCount(let bounds): return bounds.complaint(items.count, "item").map { SchemaComplaint($0) }
        case .uniqueItems:
            var forms: [[UInt8]: Int] = [:]
            for (index, item) in items.enumerated() {
                let form = item.canonicalForm
                spend(form.count / 16 + 1)
                guard !isExhausted else { return nil }
                if let earlier = forms.updateValue(index, forKey: form) {
                    return SchemaComplaint("the same as item \(earlier), but items must differ").within(
                        .index(index))
                }
            }
        case .contains(let node, let bounds):
            var count = 0
            for item in items where fits(item, node) { count += 1 }
            return bounds.complaint(count, "matching item").map { SchemaComplaint($0) }
        default: break
        }
        return nil
    }

    private mutating func complaint(
        aboutMembers object: JSONObject, _ value: JSONValue, _ constraint: SchemaNode.Constraint
    ) -> SchemaComplaint? {
        switch constraint {
        case .members(let byKey, let patterns, let others):
            for member in object.members {
                var schemas = byKey[member.key].map { [$0] } ?? []
                for (pattern, node) in patterns where isFound(pattern, in: member.key) {
                    schemas.append(node)
                }
                let isOther = schemas.isEmpty
                if isOther, let others { schemas = [others] }
                for index in schemas {
                    guard let complaint = complaint(about: member.value, index) else { continue }
                    if isOther, nodes[index].isNever {
                        return SchemaComplaint(
                            "the property \(SchemaComplaint.quoted(member.key)) is not allowed")
                    }
                    return complaint.within(.key(member.key))
                }
            }
        case .names(let node):
            for member in object.members {
                if let complaint = complaint(about: .string(member.key), node) {
                    return SchemaComplaint(
                        "the property name \(SchemaComplaint.quoted(member.key)): \(complaint.text)")
                }
            }
        case .memberCount(let bounds):
            return bounds.complaint(object.members.count, "property").map { SchemaComplaint($0) }
        case .required(let keys): return missing(keys, in: object)
        case .dependentRequired(let key, let keys):
            return object[key] == nil ? nil : missing(keys, in: object)
        case .dependentSchema(let key, let node):
            return object[key] == nil ? nil : complaint(about: value, node)
        default: break
        }
        return nil
    }

    /// Whether a pattern is found; a step of it costs less than a visit.
    private mutating func isFound(_ pattern: SchemaPattern, in text: String) -> Bool {
        var steps = 0
        let limit = 4 * (JSONSchema.maximumVisits - visits)
        let isFound = pattern.isFound(in: text) { more in
            steps += more
            return steps <= limit
        }
        spend(steps / 4 + text.utf8.count / 16)
        return isFound
    }

    private mutating func missing(_ keys: [String], in object: JSONObject) -> SchemaComplaint? {
        spend(keys.count + object.members.count)
        let present = Set(object.members.map(\.key))
        guard let key = keys.first(where: { !present.contains($0) }) else { return nil }
        return SchemaComplaint("the property \(SchemaComplaint.quoted(key)) is missing")
    }
}

extension SchemaNode {
    /// Whether nothing fits, as with `additionalProperties: false`.
    fileprivate var isNever: Bool {
        constraints.contains { if case .never = $0 { true } else { false } }
    }
}
