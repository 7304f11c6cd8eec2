/// What `fastrelay count` takes.
struct CountOptions: Equatable {
    /// Whose tokens to count; nil for a chat request's own model, or the default.
    var model: String?
    /// Whether lines are JSON objects.
    var isJSON = false
    /// Whether a chat request counts as the text it is.
    var isText = false
    /// The files; `-` is standard input.
    var files: [String] = []

    /// The name that stands for standard input.
    static let standardInput = "-"

    /// Reads the arguments after the command; `--` ends the options.
    ///
    /// - Throws: `ExitReason` with the code for wrong usage.
    init(_ arguments: ArraySlice<String>) throws(ExitReason) {
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                files += rest
                break
            }
            guard argument.utf8.first == UInt8(ascii: "-"), argument != Self.standardInput else {
                files.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch (parts[0], parts.count) {
            case ("--model", _):
                guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                    throw Command.wrong("--model needs a value")
                }
                model = value
            case ("--json", 1): isJSON = true
            case ("--text", 1): isText = true
            default: throw Command.wrong("unknown option “\(parts[0])” for count")
            }
        }
        if files.isEmpty { files = [Self.standardInput] }
    }
}
