public import Wire

/// A JSON schema that values can be held against.
///
/// Known are the keywords that OpenAI documents for structured outputs and those that tools carry besides, of drafts 7
/// and 2020-12 and OpenAPI's `nullable`. Of `format` the cheap ones are checked (`SchemaFormat`), and patterns as far as
/// that is safe with whatever a client writes (`SchemaPattern`); others are no constraint.
///
/// A schema is compiled once; checking recurses no deeper than ``maximumDepth`` and does no more than
/// ``maximumVisits``. What would need more counts as fitting: the model's answer is worth more than the check.
public struct JSONSchema: Sendable {
    /// How closely a schema has to keep to what is documented.
    public enum Strictness: Sendable {
        /// OpenAI's documented subset; anything else is an error that names keyword and place.
        case strict
        /// The keywords that are known constrain, others do not, nor do known ones that make no sense.
        case lenient
    }

    /// The most bytes of a schema, written compactly.
    public static let maximumBytes = 262_144
    /// How deep a check may go, counting each schema that a value is held against on the way down.
    public static let maximumDepth = 512
    /// How many schemas may be inside one another, or lead to the next by reference.
    static let maximumNesting = 128
    /// The most schemas inside one schema.
    static let maximumNodes = 20_000
    /// The most bytes of the places of all schemas inside one schema and of all references to them.
    static let maximumPlaceBytes = 8 << 20
    /// The most states of all patterns of one schema.
    static let maximumPatternStates = 100_000
    /// The most visits of one check; a visit is a schema met by a value, or some bytes compared.
    static let maximumVisits = 250_000

    let nodes: [SchemaNode]
    let root: Int

    /// Compiles a schema.
    ///
    /// - Parameter path: where the schema stands in the request, such as `tools[0].function.parameters`.
    /// - Throws: `invalidRequest` with the code `invalid_schema` and the place inside the schema: a reference that leads
    ///   nowhere or in a circle, a schema that is too large or too deep, and in a strict one all that is not documented.
    public init(_ schema: JSONValue, strictness: Strictness, path: String) throws(Failure) {
        do throws(SchemaFault) {
            try self.init(compiling: schema, strictness)
        } catch {
            throw Self.invalid(error, path)
        }
    }

    /// A lenient schema; nil for one that cannot be used and so constrains nothing, since the model reads it all the same.
    ///
    /// - Throws: `invalidRequest` as `init` does for one that refers to itself without an end: nobody can mean that.
    static func lenient(_ schema: JSONValue, path: String) throws(Failure) -> JSONSchema? {
        do throws(SchemaFault) {
            return try JSONSchema(compiling: schema, .lenient)
        } catch {
            if error.isEndless { throw invalid(error, path) }
            return nil
        }
    }

    private static func invalid(_ fault: SchemaFault, _ path: String) -> Failure {
        Failure(
            .invalidRequest, "Invalid schema for '\(path)': \(fault.sentence).", parameter: path,
            code: "invalid_schema")
    }

    private init(compiling schema: JSONValue, _ strictness: Strictness) throws(SchemaFault) {
        guard schema.objectValue != nil || schema.boolValue != nil else {
            throw SchemaFault("schema must be an object, got \(schema.typeName)")
        }
        guard schema.serialized().count <= Self.maximumBytes else {
            throw SchemaFault("schema is larger than \(Self.maximumBytes) bytes")
        }
        if strictness == .strict { try StrictSchema.check(schema) }
        var compiler = SchemaCompiler(document: schema)
        root = try compiler.node(schema, at: SchemaPlace())
        try compiler.checkProgress()
        nodes = compiler.nodes
    }

    /// What is wrong with a value: nil when it fits, or else one sentence with the place, without a full stop.
    ///
    /// Such as `$.items[2].price: expected a number, but got a string`; of several faults it is the first, or of
    /// alternatives that of the nearest. Keys and values in it are cut to 64 characters.
    public func complaint(about value: JSONValue) -> String? {
        var check = SchemaCheck(nodes)
        let complaint = check.complaint(about: value, root)
        return check.isExhausted ? nil : complaint?.sentence
    }
}

/// Why a schema cannot be used, and where.
struct SchemaFault: Error {
    var sentence: String
    /// True for a schema that refers to itself without an end.
    var isEndless = false

    /// A fault of the whole.
    init(_ sentence: String) { self.sentence = sentence }

    /// A schema that refers to itself without an end.
    static var endless: SchemaFault {
        var fault = SchemaFault("schema refers to itself without an end")
        fault.isEndless = true
        return fault
    }

    /// A fault at a place, in OpenAI's words.
    init(_ place: SchemaPlace, _ sentence: String) {
        self.sentence = "In context=\(place.tuple), \(sentence)"
    }
}

/// The place of a schema inside another: keys from the root.
struct SchemaPlace: Sendable {
    private(set) var keys: [String] = []

    /// One or two keys further in.
    func then(_ further: String...) -> SchemaPlace {
        var place = self
        place.keys += further
        return place
    }

    /// A place given by its keys.
    init(_ keys: [String] = []) { self.keys = keys }

    /// The place as OpenAI writes it: `()`, `('items',)`, `('properties', 'x')`.
    var tuple: String {
        let list = keys.map { "'\($0.prefix(64))'" }.joined(separator: ", ")
        return keys.count == 1 ? "(\(list),)" : "(\(list))"
    }

    /// One text for each place: a JSON pointer, https://www.rfc-editor.org/rfc/rfc6901
    var pointer: String {
        keys.reduce(into: "") { pointer, key in
            pointer += "/"
            guard key.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
                pointer += key
                return
            }
            for scalar in key.unicodeScalars {
                switch scalar {
                case "~": pointer += "~0"
                case "/": pointer += "~1"
                default: pointer.unicodeScalars.append(scalar)
                }
            }
        }
    }
}
