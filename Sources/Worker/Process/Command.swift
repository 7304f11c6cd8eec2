internal import Relay

/// What the arguments ask for.
enum Command: Equatable {
    case help
    case version
    case serve(Options)
    case cgi(Options)
    case check(Options)
    case count(CountOptions)
    case doctor(DoctorOptions)

    /// What `serve`, `cgi` and `check` take.
    struct Options: Equatable {
        /// The configuration file; nil for none.
        var configuration: String?
        /// Instead of the configuration's `listen`.
        var listen: ListenAddress?
        /// Instead of the configuration's `protocol`.
        var wireProtocol: Configuration.WireProtocol?
    }

    /// What `--help` prints.
    static let usage = """
        Usage: fastrelay serve [--config FILE] [--listen ADDRESS] [--protocol PROTOCOL]
               fastrelay cgi [--config FILE]
               fastrelay check [--config FILE]
               fastrelay count [--model MODEL] [--json] [--text] [FILE…]
               fastrelay doctor URL [--key KEY] [--quick] [--json] [--ca FILE]
                                [--origin ORIGIN] [--wait SECONDS]
               fastrelay --version | --help

        serve   answers a web server's requests until SIGTERM; on SIGHUP it reads the configuration
                again, on SIGUSR2 it starts its executable anew and leaves when that serves
        cgi     answers the one request that a web server started it for, as CGI program
        check   validates the configuration and prints it with its defaults
        count   prints how many tokens files have, or standard input (also as -): a text, or a
                chat request, which is a JSON object with an array “messages”
        doctor  looks at a deployment from outside, without any call that costs something, and
                says what is right, what is wrong and what to do; takes about 70 seconds

          --config FILE        configuration (JSON5); without it everything has its default
          --listen ADDRESS     unix:PATH, tcp:HOST:PORT or fd:N; without it the socket that systemd
                               passes, else a listening socket on descriptor 0, else what the
                               configuration says
          --protocol PROTOCOL  what the web server speaks: fastcgi or scgi
          --model MODEL        whose tokens to count; else the request's own model, else gpt-4o
          --json               one JSON object a line; for doctor, one JSON object
          --text               counts chat requests as the text they are
          --key KEY            a key to try; better in OPENAI_API_KEY, where no other user sees it
          --quick              leaves time-outs out: a few seconds
          --ca FILE            certificate authorities (PEM) instead of the system's
          --origin ORIGIN      the web page that is to call, such as https://chat.example.org
          --wait SECONDS       how long a silence has to be borne, 1 to 120; default 65

        Exit codes: 0 done, 64 wrong usage, 65 a chat request is wrong, 66 a file cannot be read,
        71 cannot listen, 78 wrong configuration. doctor: 0 all is right, 1 warnings, 2 problems.

        """

    /// Reads the arguments, without the program's name.
    ///
    /// - Throws: `ExitReason` with the code for wrong usage.
    init(_ arguments: [String]) throws(ExitReason) {
        guard let first = arguments.first else { throw Self.wrong("no command given") }
        switch first {
        case "--help", "-h", "help": self = .help
        case "--version": self = .version
        case "serve": self = .serve(try Self.options(arguments.dropFirst(), of: first))
        case "cgi": self = .cgi(try Self.options(arguments.dropFirst(), of: first))
        case "check": self = .check(try Self.options(arguments.dropFirst(), of: first))
        case "doctor": self = .doctor(try DoctorOptions(arguments.dropFirst()))
        case "count": self = .count(try CountOptions(arguments.dropFirst()))
        default: throw Self.wrong("unknown command “\(first)”")
        }
    }

    private static func options(
        _ arguments: ArraySlice<String>, of command: String
    ) throws(ExitReason) -> Options {
        var options = Options()
        var rest = arguments
        while let argument = rest.popFirst() {
            // Both `--config FILE` and `--config=FILE`.
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let isKnown =
                name == "--config" || command == "serve" && ["--listen", "--protocol"].contains(name)
            guard isKnown else { throw wrong("unknown option “\(name)” for \(command)") }
            guard let value = parts.count > 1 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw wrong("\(name) needs a value")
            }
            switch name {
            case "--config": options.configuration = value
            case "--listen":
                do {
                    options.listen = try ListenAddress(parsing: value)
                } catch {
                    throw wrong("--listen \(value): \(error.message)")
                }
            default:
                guard let wireProtocol = Configuration.WireProtocol(rawValue: value) else {
                    throw wrong("--protocol \(value): expected fastcgi or scgi")
                }
                options.wireProtocol = wireProtocol
            }
        }
        return options
    }

    /// The reason to end for wrong arguments.
    static func wrong(_ message: String) -> ExitReason {
        ExitReason(code: .usage, message: "\(message); see fastrelay --help")
    }
}
