internal import Relay
internal import Wire

/// What the doctor found, ready to be shown.
public struct Report: Sendable {
    /// The findings, always in the same order.
    public let findings: [Finding]
    private let url: String
    private let server: String?
    private let key: Secret?

    /// Judges what was seen.
    ///
    /// - Parameter key: must not be shown, whoever repeats it.
    init(_ seen: Observations, key: Secret?) {
        findings = Diagnosis.findings(for: seen)
        url = seen.url.base
        server = seen.sight.headers["server"].map { Text.shown($0) }
        self.key = key
    }

    /// The worst of the findings.
    public var worst: Finding.Level { findings.map(\.level).max() ?? .ok }

    /// The longest line, in characters.
    private static let width = 100
    /// The width of the words before a finding's text.
    private static let indent = 24

    /// One paragraph for each finding, then how many of each kind.
    public func text() -> String {
        var text = ""
        for finding in findings {
            let head = pad(finding.level.rawValue, 9) + pad(finding.check.rawValue, 15)
            text += head + wrapped(finding.message) + "\n"
            if let advice = finding.advice {
                text += pad("", Self.indent) + wrapped("→ " + advice) + "\n"
            }
        }
        let counts = Finding.Level.allCases.reversed().compactMap { level -> String? in
            let count = findings.count { $0.level == level }
            guard count > 0 else { return nil }
            let isPlural = count != 1 && level != .ok
            return "\(count) \(level.rawValue)\(isPlural ? "s" : "")"
        }
        return hidden(text + "\n\(url): \(counts.joined(separator: ", "))\n")
    }

    /// One JSON object on one line.
    public func json() -> String {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("url")
        writer.string(hidden(url))
        writer.key("server")
        if let server { writer.string(hidden(server)) } else { writer.null() }
        writer.key("worst")
        writer.string(worst.rawValue)
        writer.key("findings")
        writer.beginArray()
        for finding in findings {
            writer.beginObject()
            writer.key("level")
            writer.string(finding.level.rawValue)
            writer.key("check")
            writer.string(finding.check.rawValue)
            writer.key("message")
            writer.string(hidden(finding.message))
            writer.key("advice")
            if let advice = finding.advice { writer.string(hidden(advice)) } else { writer.null() }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    /// Without the key, should a server have repeated it.
    private func hidden(_ text: String) -> String {
        guard let key = key?.revealed(), !key.isEmpty else { return text }
        return text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "•••")
    }

    private func pad(_ word: String, _ width: Int) -> String {
        word + String(repeating: " ", count: max(0, width - word.count))
    }

    private func wrapped(_ text: String) -> String {
        var result = ""
        var column = Self.indent
        for word in text.split(separator: " ") {
            if column > Self.indent, column + 1 + word.count > Self.width {
                result += "\n" + pad("", Self.indent)
                column = Self.indent
            } else if column > Self.indent {
                result += " "
                column += 1
            }
            result += word
            column += word.count
        }
        return result
    }
}
