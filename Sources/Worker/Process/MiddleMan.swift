internal import EventLoop
internal import Glibc

/// Starts a successor in the place of a worker that a service manager supervises, so that it becomes the manager's child.
///
/// systemd notices reliably how its own children end, and no others. A process whose parent ended is a child of PID 1 or
/// of `systemd --user`, so the worker starts this one, which starts the successor and ends before that becomes the main
/// process. Until then it stands for the successor: it ends as that does, and passes on the worker's words.
final class MiddleMan: FileWatcher {
    /// What a worker can ask its middle man for, as signals that nobody else sends to a service's processes.
    enum Word: CaseIterable {
        /// End the successor, which serves already.
        case terminate
        /// End the successor, which does not serve yet.
        case kill
        /// Say its process number, and leave it alone.
        case leave

        /// The signal's number; the C library keeps those below SIGRTMIN for itself.
        var signal: Int32 {
            let first = __libc_current_sigrtmin()
            return switch self {
            case .terminate: first + 1
            case .kill: first + 2
            case .leave: first + 3
            }
        }
    }

    /// The executable that is running, also when its file is gone.
    static let executable = "/proc/self/exe"
    /// The variable that has the path of the successor's executable.
    static let variable = "FASTRELAY_SUCCESSOR"

    private let launch: Launch
    private let inheritance: Inheritance
    private var exitCode = ExitCode.success.rawValue
    private var loop: EventLoop?
    private var child: ChildProcess?

    /// Tells from the variables whether this process is to be one; nil if it is a worker.
    init?(_ launch: Launch, _ inheritance: Inheritance?) {
        guard let inheritance, let executable = launch.variables[Self.variable] else { return nil }
        self.inheritance = inheritance
        self.launch = Launch(
            executable: executable, arguments: launch.arguments,
            environment: launch.environment(without: [Self.variable, Inheritance.variable]))
    }

    /// Starts the successor and stands for it.
    ///
    /// - Returns: the exit code of this process.
    /// - Throws: `ExitReason` when the system is out of descriptors.
    func run() throws(ExitReason) -> Int32 {
        // What is sent to all processes of the service is the worker's and the successor's to act on.
        SignalSource.block(Service.handledSignals + Word.allCases.map(\.signal))
        let loop = try orFail { () throws(EventLoopError) in try EventLoop() }
        self.loop = loop
        // Before the successor is there, so that nobody leaves it behind.
        try orFail { () throws(EventLoopError) in
            try SignalSource([SIGCHLD] + Word.allCases.map(\.signal)) { [self] in handle($0) }.start(on: loop)
            // Nothing can be read from it; that its other end is closed is always told.
            try loop.watch(Inheritance.pipeDescriptor, for: [], self)
        }
        do {
            child = try ChildProcess(
                executable: launch.executable, arguments: launch.arguments,
                environment: launch.environment + [Array(inheritance.text(parent: getpid()).utf8)],
                descriptors: [Inheritance.socketDescriptor, Inheritance.pipeDescriptor])
        } catch {
            // The worker's log has it, in the same words as if there was no middle man.
            inheritance.fail("\(launch.executable): \(error)")
            return ExitCode.cannotListen.rawValue
        }
        loop.run()
        return exitCode
    }

    /// The worker is gone: there is nobody to stand for the successor to.
    func fileIsReady(_ what: FileInterest) {
        end(0)
    }

    private func handle(_ signal: Int32) {
        guard let child else { return }
        switch signal {
        case Word.terminate.signal: child.signal(SIGTERM)
        case Word.kill.signal: child.signal(SIGKILL)
        case Word.leave.signal:
            inheritance.name(child.id)
            end(0)
        default:
            guard let end = child.reap() else { return }
            self.child = nil
            self.end(as: end)
        }
    }

    private func end(_ code: Int32) {
        exitCode = code
        loop?.stop()
    }

    private func end(as end: ChildProcess.End) {
        switch end {
        case .exited(let code): self.end(code)
        case .killed(let signal):
            SignalSource.raise(signal)
            self.end(128 + signal)
        }
    }
}
