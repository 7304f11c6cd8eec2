public import Wire

/// A JSON schema that values can be held against.
public struct JSONSchema: Sendable {
    /// How closely a schema has to keep to what is documented.
    public enum Strictness: Sendable {
        /// OpenAI's documented subset; anything else is an error that names keyword and place.
        case strict
        /// The keywords that are known constrain, others do not.
        case lenient
    }

    /// Compiles a schema.
    ///
    /// - Parameter path: where the schema stands in the request, such as `tools[0].function.parameters`.
    /// - Throws: `invalidRequest` with the place inside the schema.
    public init(_ schema: JSONValue, strictness: Strictness, path: String) throws(Failure) {}

    /// What is wrong with a value: nil when it fits, or else one sentence with the place.
    public func complaint(about value: JSONValue) -> String? { nil }

    /// The value with what is unambiguously meant otherwise repaired; nil when there is nothing to repair.
    public func coerced(_ value: JSONValue) -> JSONValue? { nil }
}
