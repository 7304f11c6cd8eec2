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
            case .cgi(let options):
                return CGICommand.run { () throws(ExitReason) in try configuration(options) }.rawValue
            case .doctor(let options):
                return try DoctorCommand(options, environment: Launch.current().variables).run().rawValue
            case .serve(let options): return try serve(options)
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
        let variables = Launch.current().variables
        return try orFail(.configuration) { () throws(ConfigurationError) in
            try options.readConfiguration(variables)
        }
    }

    private static func serve(_ options: Command.Options) throws(ExitReason) -> Int32 {
        let launch = Launch.current()
        let inheritance = Inheritance(launch.variables, parent: getppid())
        do throws(ExitReason) {
            if let middleMan = MiddleMan(launch, inheritance) { return try middleMan.run() }
            try Service.run(options, launch, inheritance)
            return ExitCode.success.rawValue
        } catch {
            // The predecessor goes on, and its log says why.
            inheritance?.fail(error.message)
            throw error
        }
    }
}
