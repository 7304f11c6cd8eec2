import Wire

/// One compiled schema: all constraints must hold. Schemas inside are indices into the list of all.
struct SchemaNode: Sendable {
    /// OpenAPI's `nullable`: null fits whatever else is said.
    var isNullable = false
    var constraints: [Constraint] = []

    /// What a schema may demand.
    enum Constraint: Sendable {
        /// Nothing fits.
        case never
        case types(SchemaTypes)
        case values(SchemaValues)
        case least(Double, isExclusive: Bool)
        case most(Double, isExclusive: Bool)
        case multiple(of: Double)
        case length(Bounds)
        case format(SchemaFormat)
        case pattern(SchemaPattern)
        /// The schemas of the first elements, and that of those behind.
        case items(first: [Int], rest: Int?)
        case itemCount(Bounds)
        case uniqueItems
        case contains(Int, Bounds)
        /// The schemas of members by key, of those whose key has a pattern, and of all others.
        case members([String: Int], patterns: [(SchemaPattern, Int)], others: Int?)
        case names(Int)
        case required([String])
        case memberCount(Bounds)
        case dependentRequired(key: String, [String])
        case dependentSchema(key: String, Int)
        case all([Int])
        case any([Int])
        case one([Int])
        case not(Int)
        case condition(Int, then: Int?, otherwise: Int?)
    }

    /// A least and a most number, each of which may be open.
    struct Bounds: Sendable {
        var least: Int?
        var most: Int?

        /// Nil when both are open.
        init?(_ least: Int?, _ most: Int?) {
            guard least != nil || most != nil else { return nil }
            (self.least, self.most) = (least, most)
        }

        /// What is wrong with a count, such as `expected at least 2 items, but got 1`.
        func complaint(_ count: Int, _ noun: String) -> String? {
            if let least, count < least {
                return "expected at least \(Self.say(least, noun)), but got \(count)"
            }
            if let most, count > most { return "expected at most \(Self.say(most, noun)), but got \(count)" }
            return nil
        }

        private static func say(_ count: Int, _ noun: String) -> String {
            guard count != 1 else { return "1 \(noun)" }
            return noun.hasSuffix("y") ? "\(count) \(noun.dropLast())ies" : "\(count) \(noun)s"
        }
    }

    /// The schemas that the same value has to be held against.
    var schemasInPlace: [Int] {
        constraints.flatMap { constraint -> [Int] in
            switch constraint {
            case .all(let nodes), .any(let nodes), .one(let nodes): nodes
            case .not(let node), .dependentSchema(_, let node): [node]
            case .condition(let test, let then, let otherwise): [test, then, otherwise].compactMap(\.self)
            default: []
            }
        }
    }
}

/// A set of the types that values may have.
struct SchemaTypes: OptionSet, Sendable {
    let rawValue: UInt8

    static let null = SchemaTypes(rawValue: 1)
    static let boolean = SchemaTypes(rawValue: 2)
    static let integer = SchemaTypes(rawValue: 4)
    static let number = SchemaTypes(rawValue: 8)
    static let string = SchemaTypes(rawValue: 16)
    static let array = SchemaTypes(rawValue: 32)
    static let object = SchemaTypes(rawValue: 64)

    private static let names: [(SchemaTypes, String, String)] = [
        (.string, "string", "a string"), (.number, "number", "a number"), (.integer, "integer", "an integer"),
        (.boolean, "boolean", "a boolean"), (.object, "object", "an object"), (.array, "array", "an array"),
        (.null, "null", "null"),
    ]

    /// The type of this name in JSON Schema.
    init?(name: String) {
        guard let entry = Self.names.first(where: { $0.1 == name }) else { return nil }
        self = entry.0
    }

    /// The types as `a string or null`.
    var description: String {
        let words = Self.names.filter { contains($0.0) }.map(\.2)
        guard let last = words.last, words.count > 1 else { return words.last ?? "nothing" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    /// The type of a value; a whole number is an integer and a number.
    init(of value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool: self = .boolean
        case .number(let number): self = number.isWhole ? [.integer, .number] : .number
        case .string: self = .string
        case .array: self = .array
        case .object: self = .object
        }
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }
}

extension JSONNumber {
    /// Whether the number is whole however it is written: `1.0` is.
    var isWhole: Bool {
        if !text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) {
            return true
        }
        if intValue != nil { return true }
        // From there on every floating-point number is whole.
        guard let double = doubleValue else { return !text.utf8.contains(UInt8(ascii: "-")) }
        return double.magnitude >= 9_007_199_254_740_992
    }

    /// The number for comparisons: what is too large is infinite.
    var comparable: Double {
        doubleValue ?? (text.hasPrefix("-") ? -.infinity : .infinity)
    }
}

/// Values of which one is wanted.
struct SchemaValues: Sendable {
    let values: [JSONValue]
    private let forms: Set<[UInt8]>

    init(_ values: [JSONValue]) {
        self.values = values
        self.forms = Set(values.map(\.canonicalForm))
    }

    /// Whether a value in its one form is among them.
    func contains(form: [UInt8]) -> Bool { forms.contains(form) }
}

extension JSONValue {
    /// The same bytes for values that JSON Schema takes for equal: order of keys and spelling of numbers do not count.
    ///
    /// https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.2
    var canonicalForm: [UInt8] {
        var writer = JSONWriter()
        writer.canonical(self)
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func canonical(_ value: JSONValue) {
        switch value {
        case .null, .bool, .string: self.value(value)
        case .number(let number):
            if let whole = number.intValue {
                int(whole)
            } else if let double = number.doubleValue {
                self.double(double)
            } else {
                self.number(number)
            }
        case .array(let elements):
            beginArray()
            for element in elements { canonical(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members.sorted(by: { $0.key < $1.key }) {
                key(named: member.key)
                canonical(member.value)
            }
            endObject()
        }
    }
}
