import Wire

extension EmulatedForm {
    /// What an answer is worth.
    enum Reading: Equatable {
        /// Valid JSON that fits.
        case fits([UInt8])
        /// What is wrong, in one sentence.
        case complaint(String)
    }

    /// So many places of an answer are tried as the beginning of its JSON.
    private static let maximumAttempts = 16

    /// Finds the JSON in an answer: without a code fence and text around it, repaired where that is unambiguous.
    func read(_ answer: [UInt8]) -> Reading {
        if let value = try? JSONValue(parsing: answer) { return judge(value, Self.trimmed(answer)) }
        var complaint: String?
        var index = 0
        for _ in 0..<Self.maximumAttempts {
            guard let start = answer[index...].firstIndex(where: Self.opensValue) else { break }
            var reader = LenientJSONReader()
            var json: [UInt8] = []
            let end = start + reader.feed(answer[start...], into: &json)
            if reader.state == .open { _ = reader.finish(closesStrings: false, into: &json) }
            guard reader.state == .complete, let value = try? JSONValue(parsing: json) else {
                if case .broken(let reason) = reader.state {
                    complaint = complaint ?? "its JSON is broken: \(reason)"
                } else {
                    complaint = complaint ?? "its JSON is not complete"
                }
                index = start + 1
                continue
            }
            switch judge(value, json) {
            case .fits(let json): return .fits(json)
            case .complaint(let reason): complaint = complaint ?? reason
            }
            index = end
        }
        return .complaint(complaint ?? "it is no JSON")
    }

    private func judge(_ value: JSONValue, _ json: [UInt8]) -> Reading {
        guard let complaint = complaint(about: value) else { return .fits(json) }
        if let repaired = schema?.coerced(value), self.complaint(about: repaired) == nil {
            return .fits(repaired.serialized())
        }
        return .complaint(complaint)
    }

    private static func opensValue(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let rest = bytes.drop(while: \.isASCIIBlank)
        let end = rest.lastIndex { !$0.isASCIIBlank } ?? rest.startIndex
        return Array(rest[...end])
    }
}
