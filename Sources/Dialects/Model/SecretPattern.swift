/// Knows keys and identifiers by their looks.
enum SecretPattern {
    /// The bytes with each run that is a key or an identifier replaced.
    ///
    /// A run consists of letters, digits, `-`, `_`, and `*` where a key was half hidden.
    static func replacingRuns(_ word: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var index = word.startIndex
        while index < word.endIndex {
            guard isRunByte(word[index]) else {
                output.append(word[index])
                index += 1
                continue
            }
            let start = index
            while index < word.endIndex, isRunByte(word[index]) { index += 1 }
            output.append(contentsOf: replacing(word[start..<index]))
        }
        return output
    }

    private static func isRunByte(_ byte: UInt8) -> Bool {
        byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "*")
    }

    private static func replacing(_ run: ArraySlice<UInt8>) -> [UInt8] {
        if let uuid = rangeOfUUID(run) {
            return Array(run[..<uuid.lowerBound]) + Array("[id]".utf8) + replacing(run[uuid.upperBound...])
        }
        return isKey(run) ? Array("[key]".utf8) : Array(run)
    }

    /// The first 8-4-4-4-12 hexadecimal digits.
    private static func rangeOfUUID(_ run: ArraySlice<UInt8>) -> Range<Int>? {
        let length = 36
        guard run.count >= length else { return nil }
        for start in run.startIndex...(run.endIndex - length) {
            let isUUID = (0..<length).allSatisfy { offset in
                let byte = run[start + offset]
                return [8, 13, 18, 23].contains(offset) ? byte == UInt8(ascii: "-") : byte.isASCIIHexDigit
            }
            if isUUID { return start..<start + length }
        }
        return nil
    }

    private static func isKey(_ run: ArraySlice<UInt8>) -> Bool {
        for prefix in prefixes where run.starts(with: prefix.bytes) {
            let rest = run.dropFirst(prefix.bytes.count)
            if rest.count >= 8, !prefix.needsDigit || rest.contains(where: \.isASCIIDigit) { return true }
        }
        return longestOpaqueStretch(run) >= shortestOpaqueKey
    }

    /// Letters and digits mixed over this length are no word: the longest in a model's name so far has 11.
    private static let shortestOpaqueKey = 20

    /// The longest stretch of letters and digits that has some of both.
    private static func longestOpaqueStretch(_ run: ArraySlice<UInt8>) -> Int {
        run.split { !$0.isASCIILetter && !$0.isASCIIDigit }.reduce(0) { longest, stretch in
            let isMixed = stretch.contains(where: \.isASCIILetter) && stretch.contains(where: \.isASCIIDigit)
            return isMixed ? max(longest, stretch.count) : longest
        }
    }

    /// How vendors begin their keys and the names of accounts, organisations and requests.
    private static let prefixes: [(bytes: [UInt8], needsDigit: Bool)] =
        [
            "sk-", "pk-", "rk-", "sk_", "pk_", "gsk_", "xai-", "ghp_", "gho_", "github_pat_", "AIza", "AKIA",
            "ASIA",
        ]
        .map { (Array($0.utf8), false) }
        + [
            "key-", "hf_", "r8_", "eyJ", "org-", "proj_", "user-", "team-", "acct_", "req_", "msg_",
            "chatcmpl-",
        ]
        .map { (Array($0.utf8), true) }
}

/// Knows IP addresses by their looks.
enum AddressPattern {
    /// True for a word that is nothing but an IPv6 address: groups of hexadecimal digits and colons.
    static func isIPv6(_ word: ArraySlice<UInt8>) -> Bool {
        var word = word
        while word.last == UInt8(ascii: ".") { word.removeLast() }
        guard word.allSatisfy({ $0.isASCIIHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
        else { return false }
        let groups = word.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard groups.count >= 3, groups.count <= 9 else { return false }
        let isShortened = groups.dropFirst().dropLast().contains { $0.isEmpty }
        return (isShortened || groups.count == 8) && word.contains(where: \.isASCIIHexDigit)
    }

    /// The bytes with each dotted quad replaced.
    static func replacingIPv4(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let previous = index > 0 ? bytes[index - 1] : 0
            let canStart = !previous.isASCIIDigit && !previous.isASCIILetter && previous != UInt8(ascii: ".")
            if canStart, let end = endOfQuad(bytes, from: index) {
                output.append(text: "[address]")
                index = end
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return output
    }

    private static func endOfQuad(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        for group in 0..<4 {
            if group > 0 {
                guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
            let digits = bytes[index...].prefix(4).prefix(while: \.isASCIIDigit)
            guard (1...3).contains(digits.count), (Int(String(decoding: digits, as: UTF8.self)) ?? 256) < 256
            else { return nil }
            index += digits.count
        }
        if index < bytes.count, bytes[index].isASCIILetter { return nil }
        return index
    }
}
