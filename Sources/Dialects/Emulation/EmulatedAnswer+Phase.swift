extension EmulatedAnswer {
    /// Where the text that comes next belongs.
    enum Phase: Sendable {
        /// Nothing to be done: text passes untouched.
        case plain
        /// At the beginning of an answer that may be a call.
        case opening
        /// In a code fence that is a call if nothing follows it.
        case bareCall
        case text
        case call
        /// Behind something that cannot be used and will be asked for again.
        case unusable
        /// Behind all that is wanted.
        case over

        /// What an answer begins with.
        init(_ emulation: Emulation) {
            if !emulation.tools.callable.isEmpty {
                self = .opening
            } else {
                self = emulation.labelLevel == nil && emulation.form == nil ? .plain : .text
            }
        }
    }

    /// The failure of an answer that has to be JSON of a form and is none.
    static func unfit(_ reason: String) -> Failure {
        Failure(
            .answerUnusable, "The model's answer is not the JSON that was asked for: \(reason)",
            code: "invalid_structured_output")
    }
}
