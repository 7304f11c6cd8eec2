/// How the process ends, in the numbers of sysexits(3).
public enum ExitCode: Int32, Sendable {
    /// All went well.
    case success = 0
    /// `doctor` has warnings.
    case warnings = 1
    /// `doctor` has problems.
    case problems = 2
    /// The arguments are wrong. `EX_USAGE`
    case usage = 64
    /// A file's content is wrong. `EX_DATAERR`
    case badData = 65
    /// A file cannot be read. `EX_NOINPUT`
    case noInput = 66
    /// The socket cannot be had, or the system refuses something else that a worker needs. `EX_OSERR`
    case cannotListen = 71
    /// The configuration is wrong. `EX_CONFIG`
    case configuration = 78
}

/// A reason to end the process: one line for standard error, and the code.
struct ExitReason: Error {
    let code: ExitCode
    let message: String
}
