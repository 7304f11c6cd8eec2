internal import Doctor
internal import Glibc
internal import Relay

/// `fastrelay doctor`: a deployment seen from outside.
struct DoctorCommand {
    private var options: DoctorOptions

    /// A command that has not run yet; the key comes from `OPENAI_API_KEY` unless an argument gave one.
    init(_ options: DoctorOptions, environment: [String: String]) throws(ExitReason) {
        self.options = options
        if options.examination.key == nil, let key = environment["OPENAI_API_KEY"], !key.isEmpty {
            self.options.examination.key = try DoctorOptions.key(key, from: "OPENAI_API_KEY")
        }
    }

    /// Prints the report.
    ///
    /// - Returns: the code for the worst finding.
    /// - Throws: when the file of authorities cannot be read, or the system refuses what is needed.
    func run() throws(ExitReason) -> ExitCode {
        if let file = options.examination.certificateFile {
            do throws(SmallFile.Failure) {
                _ = try SmallFile.read(file)
            } catch {
                throw ExitReason(code: .noInput, message: "\(file): cannot be read: \(error)")
            }
        }
        if !options.examination.isQuick, isatty(STDERR_FILENO) == 1 {
            Program.complain(
                "this takes about \(options.examination.waitSeconds + 5) seconds; --quick leaves time-outs out"
            )
        }
        let report: Report
        do throws(Doctor.CannotRun) {
            report = try Doctor.examine(options.examination)
        } catch {
            throw ExitReason(code: .cannotListen, message: error.description)
        }
        print(options.isJSON ? report.json() : report.text(), terminator: "")
        return switch report.worst {
        case .ok, .note: .success
        case .warning: .warnings
        case .problem: .problems
        }
    }
}
