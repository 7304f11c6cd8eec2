internal import Doctor
internal import Relay

/// What `fastrelay doctor` takes.
struct DoctorOptions: Equatable {
    /// What to look at; its key is nil when none was given as an argument.
    var examination: Doctor.Options
    /// Whether the report is JSON.
    var isJSON = false

    /// Reads the arguments after the command: one URL among options.
    ///
    /// - Throws: `ExitReason` with the code for wrong usage; its message repeats neither URL nor key.
    init(_ arguments: ArraySlice<String>) throws(ExitReason) {
        var url: String?
        var key: Secret?
        var settings: [String: String] = [:]
        var rest = arguments
        var switches: Set<String> = []
        while let argument = rest.popFirst() {
            guard argument.utf8.first == UInt8(ascii: "-") else {
                guard url == nil else { throw Command.wrong("doctor takes one URL") }
                url = argument
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if ["--quick", "--json"].contains(name), parts.count == 1 {
                switches.insert(name)
                continue
            }
            guard ["--key", "--ca", "--origin", "--wait"].contains(name) else {
                throw Command.wrong("unknown option “\(name)” for doctor")
            }
            guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw Command.wrong("\(name) needs a value")
            }
            if name == "--key" {
                key = try Self.key(value, from: "--key")
            } else {
                settings[name] = value
            }
        }
        guard let url else { throw Command.wrong("doctor needs a URL") }
        do {
            examination = Doctor.Options(url: try DeploymentURL(parsing: url))
        } catch {
            throw Command.wrong(error.message)
        }
        examination.key = key
        examination.isQuick = switches.contains("--quick")
        isJSON = switches.contains("--json")
        examination.certificateFile = settings["--ca"]
        if let origin = settings["--origin"] { examination.origin = try Self.origin(origin) }
        if let text = settings["--wait"] {
            guard let seconds = Int(text), (1...120).contains(seconds) else {
                throw Command.wrong("--wait takes 1 to 120 seconds")
            }
            examination.waitSeconds = seconds
        }
    }

    /// A key that can stand in a header.
    static func key(_ text: String, from source: String) throws(ExitReason) -> Secret {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), text.utf8.count <= 4096 else {
            throw Command.wrong("the key of \(source) has spaces or characters beyond ASCII, or is too long")
        }
        return Secret(text)
    }

    private static func origin(_ text: String) throws(ExitReason) -> String {
        guard let url = try? DeploymentURL(parsing: text), url.origin == text.lowercased() else {
            throw Command.wrong("--origin takes scheme, host and port, such as https://chat.example.org")
        }
        return url.origin
    }
}
