/// What the other side says, as far as it may be shown on a terminal.
enum Text {
    /// The longest piece that is repeated, in characters.
    private static let maximumLength = 160

    /// Without control characters (an escape sequence could change the terminal), and cut.
    static func shown(_ text: String) -> String {
        let plain = String(text.prefix(maximumLength)).filter { character in
            character.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
                    && $0.properties.generalCategory != .format
            }
        }
        return text.count > maximumLength ? plain + "…" : plain
    }

    /// `: message` of an error in OpenAI's shape, or nothing.
    static func reason(_ reply: Reply) -> String {
        var message = shown(reply.errorMessage ?? "")
        while message.last == "." { message.removeLast() }
        return message.isEmpty ? "" : ": \(message)"
    }

    /// How a call ended that should have had a 200.
    static func outcome(_ reply: Reply) -> String {
        if let trouble = reply.trouble { return ": \(trouble.message)" }
        return " (status \(reply.status))\(reason(reply))"
    }

    /// Seconds, with one digit behind the point below ten.
    static func seconds(_ time: Duration) -> String {
        let tenths = Int((time / .milliseconds(100)).rounded())
        return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10) s" : "\((tenths + 5) / 10) s"
    }

    /// Bytes in the unit that they are usually given in.
    static func size(_ bytes: Int) -> String {
        bytes >= 1 << 20 && bytes % (1 << 20) == 0 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
    }
}
