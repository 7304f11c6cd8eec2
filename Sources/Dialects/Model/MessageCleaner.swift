/// Takes out of an upstream's words what neither clients nor logs may see.
///
/// | found | becomes |
/// |---|---|
/// | API keys, bearer tokens, long runs of letters and digits | `[key]` |
/// | UUIDs | `[id]` |
/// | mail addresses | `[email]` |
/// | IP addresses; URLs with a query, a user, or an inner host | `[address]` |
/// | control characters, line ends | a space |
///
/// Model names, parameter names and addresses of documentation stay, or the message would help nobody.
public enum MessageCleaner {
    /// The most characters that a message keeps.
    public static let maximumLength = 600

    /// The message without such things, on one line, at most `maximumLength` characters long.
    ///
    /// - Parameter secrets: texts that must not appear whatever they look like, such as the key that was sent.
    public static func clean(_ message: String, removing secrets: [String] = []) -> String {
        // Cut before the work, so that it is bounded too; a cut word is cleaned like a whole one.
        var bytes = Array(message.utf8.prefix(maximumLength * 8))
        for secret in secrets where secret.utf8.count >= 4 { remove(Array(secret.utf8), from: &bytes) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var previous = ArraySlice<UInt8>()
        var index = 0
        while index < bytes.count {
            if isSeparator(bytes[index]) {
                appendSeparator(bytes[index], to: &output)
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, !isSeparator(bytes[index]) { index += 1 }
            let word = bytes[start..<index]
            if announcesSecret(previous), looksLikeSecretValue(word) {
                output.append(text: "[key]")
            } else {
                output.append(contentsOf: clean(word: word))
            }
            previous = word
        }
        while output.last?.isASCIIBlank == true { output.removeLast() }
        let text = String(decoding: output, as: UTF8.self)
        guard text.count > maximumLength else { return text }
        return text.prefix(maximumLength) + "…"
    }

    private static func remove(_ secret: [UInt8], from bytes: inout [UInt8]) {
        var index = 0
        while index + secret.count <= bytes.count {
            if bytes[index] == secret[0], bytes[index..<index + secret.count].elementsEqual(secret) {
                bytes.replaceSubrange(index..<index + secret.count, with: Array("[key]".utf8))
            }
            index += 1
        }
    }

    private static func appendSeparator(_ byte: UInt8, to output: inout [UInt8]) {
        guard byte <= 0x20 || byte == 0x7F else {
            output.append(byte)
            return
        }
        if let last = output.last, last != 0x20 { output.append(0x20) }
    }

    /// True for what words stand between; URLs, mail addresses and keys have none of these inside.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F: true
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "\\"):
            true
        default: false
        }
    }

    /// True for `Bearer`, and for names of secrets with a colon or an equals sign behind them.
    private static func announcesSecret(_ word: ArraySlice<UInt8>) -> Bool {
        let name = String(decoding: word.map(\.lowercasedASCII), as: UTF8.self)
        return name == "bearer" || name == "bearer:"
            || [":", "="].contains { mark in secretNames.contains { name.hasSuffix($0 + mark) } }
    }

    private static let secretNames = ["key", "apikey", "token", "secret", "password", "authorization"]

    private static func looksLikeSecretValue(_ word: ArraySlice<UInt8>) -> Bool {
        word.count >= 6 && (word.contains(where: \.isASCIIDigit) || word.count >= 16)
    }

    private static func clean(word: ArraySlice<UInt8>) -> [UInt8] {
        if let scheme = word.firstIndex(ofPhrase: "://") { return clean(url: word, scheme: scheme) }
        if let at = word.firstIndex(of: UInt8(ascii: "@")), at > word.startIndex,
            word[at...].dropFirst().contains(UInt8(ascii: "."))
        {
            return Array("[email]".utf8)
        }
        if let equals = word.firstIndex(of: UInt8(ascii: "=")), equals + 1 < word.endIndex,
            announcesSecret(word[...equals])
        {
            return Array(word[...equals]) + Array("[key]".utf8)
        }
        if AddressPattern.isIPv6(word) { return Array("[address]".utf8) }
        return AddressPattern.replacingIPv4(SecretPattern.replacingRuns(word))
    }

    /// Keeps a public page's address, so that a hint to the documentation survives.
    private static func clean(url: ArraySlice<UInt8>, scheme: Int) -> [UInt8] {
        let rest = url[(scheme + 3)...]
        let host = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
        let isPublic =
            host.contains(UInt8(ascii: ".")) && host.contains(where: \.isASCIILetter)
            && !rest.contains {
                $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "#")
            }
        guard isPublic else { return Array("[address]".utf8) }
        return Array(url[..<(scheme + 3)]) + AddressPattern.replacingIPv4(SecretPattern.replacingRuns(rest))
    }
}
