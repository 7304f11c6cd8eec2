import Wire

extension OneMinTranscriptionPlan {
    /// What the client gets for the text of 1min.ai's record, which may be JSON in a text.
    ///
    /// Nothing is made up: where the client wants segments or words and the record has none, that is an error. It has the
    /// status 400, since SDKs repeat 5xx by themselves, and the next answer would be paid for and no better.
    /// - Returns: the body and its content type.
    public func answer(_ text: String) throws(Failure) -> (body: [UInt8], contentType: String) {
        let whole = Self.object(text)
        let words = whole?["text"]?.stringValue ?? text
        switch format {
        case .json:
            let answer: JSONValue = ["text": .string(words)]
            return (answer.serialized(), Self.json)
        case .text: return (Array(words.utf8), Self.plain)
        case .srt:
            // Nothing said is nothing shown.
            guard words.allSatisfy(\.isWhitespace) || Self.hasTimes(words) else { throw withoutTimes() }
            return (Array(words.utf8), Self.plain)
        case .vtt:
            guard words.drop(while: { $0 == "\u{FEFF}" || $0.isWhitespace }).hasPrefix("WEBVTT") else {
                throw withoutTimes()
            }
            return (Array(words.utf8), Self.plain)
        case .verboseJSON:
            guard let whole, whole["segments"]?.arrayValue != nil else { throw withoutTimes() }
            return (JSONValue.object(whole).serialized(), Self.json)
        case .diarizedJSON: throw withoutTimes()
        }
    }

    /// The content types of OpenAI's own answers, subtitles among them.
    private static let plain = "text/plain; charset=utf-8"
    private static let json = "application/json"

    /// The object with a `text` that a text may be.
    private static func object(_ text: String) -> JSONObject? {
        guard text.utf8.first(where: { !$0.isASCIIBlank }) == UInt8(ascii: "{"),
            // Any other text is what was said.
            let object = try? JSONValue(parsing: Array(text.utf8), maximumDepth: 64).objectValue,
            object["text"]?.stringValue != nil
        else { return nil }
        return object
    }

    /// True for a text with a line such as `00:00:01,000 --> 00:00:02,500`.
    private static func hasTimes(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "\n")).contains { line in
            line.first?.isASCIIDigit == true && line.firstIndex(ofPhrase: " --> ") != nil
        }
    }

    private func withoutTimes() -> Failure {
        Failure(
            .unsupported,
            "1min.ai answered without any times, so there is no '\(format.rawValue)'; 'json' and 'text' can be had.",
            parameter: "response_format", code: "unsupported_value")
    }
}
