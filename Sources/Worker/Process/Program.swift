internal import Glibc
internal import Relay

/// The program behind the executable: arguments in, exit code out.
public enum Program {
    /// The version, as `--version` prints it.
    public static let version = "0.1.0"

    /// Does what the arguments ask for.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code of the process; `serve` returns when the service has ended.
    public static func run(_ arguments: [String]) -> Int32 {
        do throws(ExitReason) {
            switch try Command(arguments) {
            case .help: print(Command.help, terminator: "")
            case .version: print("fastrelay \(version)")
            case .check(let options): print(try configuration(options).effectiveDescription())
            case .serve(let options): try Service.run(options, configuration: try configuration(options))
            }
            return ExitCode.success.rawValue
        } catch {
            let line = Array("fastrelay: \(error.message)\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
            return error.code.rawValue
        }
    }

    private static func configuration(_ options: Command.Options) throws(ExitReason) -> Configuration {
        do throws(ConfigurationError) {
            var text: String?
            if let file = options.configuration {
                guard let contents = TextFile.read(file) else {
                    throw ConfigurationError(source: file, message: "cannot be read as UTF-8 text")
                }
                text = contents
            }
            return try Configuration.load(
                text: text, fileName: options.configuration ?? "", environment: environmentVariable,
                readFile: TextFile.read)
        } catch {
            throw ExitReason(code: .configuration, message: error.description)
        }
    }

    private static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
