import Wire

/// Checks that a schema keeps to what OpenAI documents for structured outputs, in the words of OpenAI's complaints.
///
/// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas, as of November 2026. Annotations, which
/// constrain nothing, are allowed.
struct StrictSchema {
    /// Levels of objects and arrays inside one another.
    static let maximumLevels = 10
    /// Properties of all objects together.
    static let maximumProperties = 5_000
    /// Values of all enumerations together.
    static let maximumValues = 1_000
    /// Characters of all names of properties and definitions and of all values of enumerations together.
    static let maximumCharacters = 120_000

    private var properties = 0
    private var values = 0
    private var characters = 0

    /// Checks a whole schema.
    ///
    /// - Throws: the first fault.
    static func check(_ schema: JSONValue) throws(SchemaFault) {
        guard let type = schema["type"]?.stringValue, type == "object" else {
            if schema["anyOf"] != nil { throw SchemaFault(SchemaPlace(), "'anyOf' is not permitted") }
            let type = schema["type"].map { SchemaComplaint.brief($0) } ?? "\"None\""
            throw SchemaFault("schema must be a JSON Schema of 'type: \"object\"', got 'type: \(type)'")
        }
        var check = StrictSchema()
        try check.check(schema, at: SchemaPlace(), level: 1)
        if schema["anyOf"] != nil { throw SchemaFault(SchemaPlace(), "'anyOf' is not permitted") }
    }

    private mutating func check(_ schema: JSONValue, at place: SchemaPlace, level: Int) throws(SchemaFault) {
        guard let object = schema.objectValue else {
            throw SchemaFault(place, "\(SchemaComplaint.brief(schema)) is not of type 'object'")
        }
        guard level <= Self.maximumLevels else {
            throw SchemaFault(place, "more than \(Self.maximumLevels) levels of nesting are not permitted")
        }
        for member in object.members {
            guard let keyword = Keyword(rawValue: member.key) else {
                throw SchemaFault(place, "'\(member.key.prefix(64))' is not permitted")
            }
            guard keyword.accepts(member.value) else {
                throw SchemaFault(
                    place.then(member.key),
                    "\(SchemaComplaint.brief(member.value)) is not of type '\(keyword.typeName)'")
            }
        }
        if let unknown = Self.typeNames(object["type"]).first(where: { SchemaTypes(name: $0) == nil }) {
            throw SchemaFault(place.then("type"), "'\(unknown.prefix(64))' is not a known type")
        }
        guard ["type", "anyOf", "$ref", "enum", "const"].contains(where: { object[$0] != nil }) else {
            throw SchemaFault(place, "schema must have a 'type' key")
        }
        try count(object["enum"]?.arrayValue ?? object["const"].map { [$0] } ?? [])
        let types = Self.typeNames(object["type"])
        if types.contains("object") || object["properties"] != nil {
            try checkObject(object, at: place, level: level)
        }
        if let items = object["items"] {
            try check(items, at: place.then("items"), level: level + 1)
        } else if types.contains("array") {
            throw SchemaFault(place, "array schema missing items")
        }
        for (index, choice) in (object["anyOf"]?.arrayValue ?? []).enumerated() {
            try check(choice, at: place.then("anyOf", String(index)), level: level)
        }
        for keyword in ["$defs", "definitions"] {
            for member in object[keyword]?.objectValue?.members ?? [] {
                try count(characters: member.key)
                try check(member.value, at: place.then(keyword, member.key), level: level)
            }
        }
    }

    private static func typeNames(_ type: JSONValue?) -> [String] {
        type?.stringValue.map { [$0] } ?? type?.arrayValue?.map { $0.stringValue ?? "" } ?? []
    }

    private mutating func checkObject(
        _ schema: JSONObject, at place: SchemaPlace, level: Int
    ) throws(SchemaFault) {
        guard schema["additionalProperties"]?.boolValue == false else {
            throw SchemaFault(place, "'additionalProperties' is required to be supplied and to be false")
        }
        let members = schema["properties"]?.objectValue?.members ?? []
        properties += members.count
        guard properties <= Self.maximumProperties else {
            throw SchemaFault("schema has more than \(Self.maximumProperties) properties")
        }
        let required = schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let rule =
            "'required' is required to be supplied and to be an array including every key in properties"
        let listed = Set(required)
        if let missing = members.first(where: { !listed.contains($0.key) }) {
            throw SchemaFault(place, "\(rule). Missing '\(missing.key.prefix(64))'")
        }
        let keys = Set(members.map(\.key))
        if let extra = required.first(where: { !keys.contains($0) }) {
            throw SchemaFault(place, "\(rule). Extra required key '\(extra.prefix(64))' supplied")
        }
        for member in members {
            try count(characters: member.key)
            try check(member.value, at: place.then("properties", member.key), level: level + 1)
        }
    }

    private mutating func count(_ values: [JSONValue]) throws(SchemaFault) {
        self.values += values.count
        guard self.values <= Self.maximumValues else {
            throw SchemaFault("schema has more than \(Self.maximumValues) enum values")
        }
        for value in values { try count(characters: value.stringValue ?? "") }
    }

    private mutating func count(characters text: String) throws(SchemaFault) {
        characters += text.unicodeScalars.count
        guard characters <= Self.maximumCharacters else {
            throw SchemaFault("names and values have more than \(Self.maximumCharacters) characters")
        }
    }

    /// The keywords that are permitted.
    private enum Keyword: String {
        case type, properties, required, additionalProperties, items, anyOf, const
        case values = "enum"
        case reference = "$ref"
        case defs = "$defs"
        case definitions
        case pattern, format
        case multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum
        case minItems, maxItems
        // Annotations.
        case title, description, examples, deprecated, readOnly, writeOnly
        case example
        case defaultValue = "default"
        case schema = "$schema"
        case id = "$id"
        case comment = "$comment"
        case anchor = "$anchor"

        /// Whether a value makes sense for the keyword.
        func accepts(_ value: JSONValue) -> Bool {
            switch self {
            case .type: value.stringValue != nil || value.arrayValue?.isEmpty == false
            case .properties, .defs, .definitions: value.objectValue != nil
            case .required, .anyOf, .values: value.arrayValue != nil
            case .reference, .pattern, .format: value.stringValue != nil
            case .multipleOf, .maximum, .exclusiveMaximum, .minimum, .exclusiveMinimum:
                value.doubleValue != nil
            case .minItems, .maxItems: value.intValue.map { $0 >= 0 } == true
            case .additionalProperties, .items, .const, .title, .description, .examples, .deprecated,
                .readOnly,
                .writeOnly, .example, .defaultValue, .schema, .id, .comment, .anchor:
                true
            }
        }

        /// The type that a complaint names.
        var typeName: String {
            switch self {
            case .properties, .defs, .definitions: "object"
            case .required, .anyOf, .values: "array"
            case .minItems, .maxItems: "integer"
            case .multipleOf, .maximum, .exclusiveMaximum, .minimum, .exclusiveMinimum: "number"
            default: "string"
            }
        }
    }
}
