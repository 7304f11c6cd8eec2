internal import Glibc
internal import Relay

/// The program behind the executable: arguments in, exit code out.
public enum Program {
    /// The version, as `--version` prints it.
    public static let version = Relay.version

    /// Does what the arguments ask for.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code of the process; `serve` returns when the service has ended.
    public static func run(_ arguments: [String]) -> Int32 {
        do throws(ExitReason) {
            switch try Command(arguments) {
            case .help: print(Command.usage, terminator: "")
            case .version: print("fastrelay \(version)")
            case .check(let options): print(try configuration(options).effectiveDescription(), terminator: "")
            case .count(let options): return CountCommand(options).run().rawValue
            case .doctor(let options):
                return try DoctorCommand(options, environment: environment()).run().rawValue
            case .serve(let options): try Service.run(options, configuration: try configuration(options))
            }
            return ExitCode.success.rawValue
        } catch {
            complain(error.message)
            return error.code.rawValue
        }
    }

    /// Writes one line to standard error.
    static func complain(_ message: String) {
        let line = Array("fastrelay: \(message)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }

    private static func configuration(_ options: Command.Options) throws(ExitReason) -> Configuration {
        do throws(ConfigurationError) {
            var text: [UInt8]?
            if let file = options.configuration {
                do throws(SmallFile.Failure) {
                    text = try SmallFile.read(file)
                } catch {
                    throw ConfigurationError(source: file, message: "cannot be read: \(error)")
                }
            }
            return try Configuration.load(
                text: text, fileName: options.configuration ?? "", environment: Self.environment(),
                readFile: SmallFile.read)
        } catch {
            throw ExitReason(code: .configuration, message: error.description)
        }
    }

    /// The environment that the process was started with; bytes that are not UTF-8 are repaired.
    ///
    /// From proc(5), because the C library's `environ` is a variable that any thread may change.
    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        // Without /proc there are no variables, as in an empty environment.
        guard let bytes = try? SmallFile.read("/proc/self/environ") else { return variables }
        for line in bytes.split(separator: 0) {
            let parts = line.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            variables[String(decoding: parts[0], as: UTF8.self)] = String(decoding: parts[1], as: UTF8.self)
        }
        return variables
    }
}
