/// What is wrong with a form.
public struct MultipartError: Error, Sendable, Equatable {
    /// The reasons.
    public enum Kind: Sendable, Equatable {
        /// The boundary of the `Content-Type` stands nowhere in the body.
        case noBoundary
        /// The body ends before the boundary that ends it.
        case incomplete
        /// A part has no `Content-Disposition: form-data` with a name, or header lines that are none.
        case malformedPart
        /// A part is encoded for mail, by a `Content-Transfer-Encoding`, which nobody does in a form.
        case encodedPart
        /// A field's value or a name is not UTF-8.
        case notText(name: String)
        case tooManyParts(limit: Int)
        case headerTooLong(limit: Int)
        case nameTooLong(limit: Int)
        case fieldTooLong(name: String, limit: Int)
        case fieldsTooLong(limit: Int)
    }

    /// The reason.
    public var kind: Kind
    /// Where in the body, in bytes.
    public var offset: Int

    /// Makes one.
    public init(_ kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    /// One sentence for the client.
    public var message: String {
        switch kind {
        case .noBoundary:
            "The boundary that the Content-Type gives is nowhere in the body, or its lines end in LF alone."
        case .incomplete:
            "The form ends before its last boundary: it was cut off, or the closing boundary is missing."
        case .malformedPart:
            "The part at byte \(offset) of the form has no Content-Disposition: form-data with a name, or header lines "
                + "that are none; they end in CRLF and hold no control characters."
        case .encodedPart:
            "The part at byte \(offset) of the form has a Content-Transfer-Encoding; send its bytes as they are."
        case .notText(let name): "The form's field '\(name)' is not valid UTF-8."
        case .tooManyParts(let limit): "The form has more than \(limit) parts."
        case .headerTooLong(let limit):
            "The part at byte \(offset) of the form has more than \(limit) bytes of header lines."
        case .nameTooLong(let limit):
            "The part at byte \(offset) of the form has a name of more than \(limit) bytes."
        case .fieldTooLong(let name, let limit):
            "The form's field '\(name)' has more than \(limit) bytes; a file needs a file name."
        case .fieldsTooLong(let limit): "The form's fields have more than \(limit) bytes together."
        }
    }
}
