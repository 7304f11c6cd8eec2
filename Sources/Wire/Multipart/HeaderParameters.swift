/// A header field's value and its parameters, such as `form-data; name="file"`.
///
/// Read as widely as browsers and libraries write it: names in any case, values with and without quotes, space around
/// the signs. What has two meanings is refused: a parameter that comes twice, text behind a closing quote.
struct HeaderParameters {
    /// What stands before the first semicolon, in lower case.
    var value: String
    /// The parameters by their names in lower case, with their bytes as they are meant.
    var parameters: [(name: String, value: [UInt8])] = []

    /// Reads one; nil when it is none.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        let value = Self.take(&rest, until: [ASCII.semicolon])
        self.value = Self.lowercased(value)
        while rest.popFirst() != nil {
            let name = Self.lowercased(Self.take(&rest, until: [ASCII.semicolon, ASCII.equals]))
            guard rest.first == ASCII.equals else {
                // A semicolon too many, as some write at the end.
                if name.isEmpty { continue }
                return nil
            }
            rest.removeFirst()
            Self.skipBlanks(&rest)
            guard !name.isEmpty, self[name] == nil, let value = Self.takeValue(&rest) else { return nil }
            parameters.append((name, value))
        }
    }

    /// The bytes of a parameter, by its name in lower case; nil when absent.
    subscript(name: String) -> [UInt8]? {
        parameters.first { $0.name == name }?.value
    }

    /// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4, but for one thing: some browsers sent whole Windows paths
    /// as they were, so a backslash before anything but a quote or another backslash is itself.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.first == ASCII.quote else { return Array(take(&rest, until: [ASCII.semicolon])) }
        rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case ASCII.quote:
                skipBlanks(&rest)
                return rest.isEmpty || rest.first == ASCII.semicolon ? value : nil
            case ASCII.backslash:
                if let next = rest.first, next == ASCII.quote || next == ASCII.backslash {
                    value.append(next)
                    rest.removeFirst()
                } else {
                    value.append(byte)
                }
            default: value.append(byte)
            }
        }
        return nil
    }

    /// What stands before one of the signs, without the blanks around it.
    private static func take(_ rest: inout ArraySlice<UInt8>, until signs: [UInt8]) -> ArraySlice<UInt8> {
        let end = rest.firstIndex(where: signs.contains) ?? rest.endIndex
        defer { rest = rest[end...] }
        var taken = rest[..<end]
        skipBlanks(&taken)
        while let last = taken.last, isBlank(last) { taken.removeLast() }
        return taken
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop(while: isBlank)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.tab
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map(ASCII.lowercased), as: UTF8.self)
    }
}
