import Wire

extension JSONObject {
    /// Reads the body of a request.
    ///
    /// - Throws: a failure with the line and column where the body stops being JSON, or what it is instead of an object.
    init(requestBody body: [UInt8], maximumDepth: Int) throws(Failure) {
        guard !body.isEmpty else {
            throw Failure(
                .invalidRequest, "The request body is empty; a JSON object was expected.",
                code: "invalid_json")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: body, maximumDepth: maximumDepth)
        } catch {
            throw Failure(
                .invalidRequest,
                "The request body is not valid JSON: \(error.message) at line \(error.line), "
                    + "column \(error.column) (byte \(error.offset)).",
                code: "invalid_json")
        }
        guard let object = value.objectValue else {
            throw Failure(
                .invalidRequest,
                "The request body must be a JSON object, but it is of type \(value.typeName).",
                code: "invalid_type")
        }
        self = object
    }
}
