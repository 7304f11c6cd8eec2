import Wire

/// The form that a model without a JSON mode is asked to answer in.
struct EmulatedForm: Sendable {
    /// What the answer has to fit; nil for any JSON object.
    let schema: JSONSchema?
    /// True when any JSON object will do.
    let isAnyObject: Bool
    /// The schema as the model is told of it; nil for any JSON.
    let schemaText: String?
    /// What the client says about the form.
    let description: String?

    /// The form that a request wants; nil for plain text.
    ///
    /// - Throws: what a strict schema is refused for.
    init?(_ request: borrowing GenerationRequest) throws(Failure) {
        switch request.outputFormat {
        case nil, .text: return nil
        case .jsonObject:
            schema = nil
            isAnyObject = true
            schemaText = nil
            description = nil
        case .jsonSchema(let format):
            let name = request.ignorable.first { $0.feature == .outputFormat }?.name ?? "response_format"
            let path = name == "response_format" ? "response_format.json_schema.schema" : "\(name).schema"
            var schema: JSONSchema?
            if let json = format.schema {
                if format.isStrict == true {
                    schema = try JSONSchema(json, strictness: .strict, path: path)
                } else {
                    schema = try JSONSchema.lenient(json, path: path)
                }
            }
            self.schema = schema
            isAnyObject = false
            schemaText = format.schema.map { String(decoding: $0.serialized(), as: UTF8.self) }
            description = format.description
        }
    }

    /// What is wrong with an answer, in one sentence; nil when it fits.
    func complaint(about value: JSONValue) -> String? {
        if isAnyObject {
            guard case .object = value else { return "expected an object, but got \(value.typeName)" }
            return nil
        }
        return schema?.complaint(about: value)
    }
}
