internal import EventLoop
internal import Glibc
internal import Relay

/// Starts the executable that lies where this one lay, and hands the listening socket to it.
///
/// Both have the same socket, so no connection is refused in between. When the new process says that it serves, this one
/// leaves; when it cannot start, nothing has changed. Where a service manager supervises this one, a `MiddleMan` starts the
/// new one, which is the manager's child then; else it is this one's.
final class Takeover: FileWatcher, @unchecked Sendable {
    // @unchecked: used on the first loop's thread only; the thread that starts the process sees copies.

    private enum State {
        case idle
        /// A thread starts the process.
        case spawning
        /// It, or its middle man, runs, and it has not said yet how it is.
        case starting(ChildProcess)
        /// It is being ended.
        case ending(ChildProcess, reason: String)
        /// It serves, and its middle man was asked to leave.
        case leaving(middleMan: ChildProcess)
        /// It serves; nil when it is the service manager's child.
        case done(ChildProcess?)
    }

    private let loop: EventLoop
    private let launch: Launch
    private let log: any ExchangeLog
    private let isSupervised: Bool
    private let socket: () -> ListeningSocket?
    private let whenDone: (_ successor: Int32) -> Void
    private var state = State.idle
    private var isAbandoned = false
    private var settled: (() -> Void)?
    private var mustReload = false
    private var pipe: Int32 = -1
    private var isPipeAtEnd = false
    private var said: [UInt8] = []
    private let startLimit: Duration
    private lazy var timer = LoopTimer { [weak self] in
        guard let self else { return }
        end("it was not ready within \(startLimit)")
    }

    /// The longest reason that is read from the new process, in bytes.
    private static let maximumReasonBytes = 4096
    private static let wasStopped = "the worker was told to stop"

    /// Prepares for takeovers.
    ///
    /// - Parameters:
    ///   - loop: where everything happens.
    ///   - isSupervised: whether a service manager supervises this process, and is to supervise the new one.
    ///   - startLimit: how long the new process may take until it serves.
    ///   - socket: the socket to hand over; nil when this process has none any more.
    ///   - whenDone: called when the successor serves; its process number.
    init(
        loop: EventLoop, launch: Launch, log: any ExchangeLog, isSupervised: Bool = false,
        startLimit: Duration = .seconds(30), socket: @escaping () -> ListeningSocket?,
        whenDone: @escaping (Int32) -> Void
    ) {
        self.isSupervised = isSupervised
        self.startLimit = startLimit
        self.loop = loop
        self.launch = launch
        self.log = log
        self.socket = socket
        self.whenDone = whenDone
    }

    /// Starts the new process, unless one is starting.
    func begin() {
        guard case .idle = state, !isAbandoned, let socket = socket() else {
            return log.event(.warning, "takeover ignored, the worker is leaving or another one runs", [])
        }
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return fail("no pipe can be made: error \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        pipe = ends[0]
        isPipeAtEnd = false
        said = []
        mustReload = false
        state = .spawning
        var environment = launch.environment(
            without: ServiceManager.variables + [Inheritance.variable, MiddleMan.variable])
        environment.append(Array(Inheritance(file: socket.file).text(parent: getpid()).utf8))
        if isSupervised {
            environment.append(Array("\(MiddleMan.variable)=\(launch.executable)".utf8))
        }
        let process = Launch(
            executable: isSupervised ? MiddleMan.executable : launch.executable, arguments: launch.arguments,
            environment: environment)
        let theirEnd = ends[1]
        log.event(.info, "takeover started", [LogField("executable", .string(launch.executable))])
        do {
            // Starting it reads the file, which no loop should wait for.
            try Thread(name: "takeover") { [self] in
                let result = Result { () throws(EventLoopError) in
                    try ChildProcess(
                        executable: process.executable, arguments: process.arguments,
                        environment: process.environment, descriptors: [socket.descriptor, theirEnd])
                }
                close(theirEnd)
                loop.submit { [self] in spawned(result) }
            }.detach()
        } catch {
            close(theirEnd)
            fail("\(error)")
        }
    }

    /// Ends a new process that does not serve yet, because this one is told to stop.
    func abandon() {
        isAbandoned = true
        readPipe()
        // One that serves already, and has not been heard yet, may have taken requests: it finishes them.
        end(Self.wasStopped)
    }

    private var isReady: Bool { said.elementsEqual(Inheritance.readyWord.utf8) }

    /// Has a new process that is starting read the configuration once more when it serves: it may have read it already.
    func noteReload() {
        mustReload = true
    }

    /// Calls back once no new process is on its way: one that is left behind would serve although nobody wants it.
    func whenSettled(_ body: @escaping () -> Void) {
        switch state {
        case .idle, .done: body()
        case .spawning, .starting, .ending, .leaving: settled = body
        }
    }

    /// Looks whether the new process ended; called when some child did.
    func childEnded() {
        switch state {
        case .idle, .spawning: break
        case .starting(let child):
            if let end = child.reap() {
                readPipe()
                let reason = String(decoding: said, as: UTF8.self)
                fail(reason.isEmpty ? Self.description(of: end) : reason)
            }
        case .ending(let child, let reason):
            if child.reap() != nil { fail(reason) }
        case .leaving(let middleMan):
            if let end = middleMan.reap() { middleManLeft(end) }
        case .done(let child):
            if let end = child?.reap() {
                log.event(
                    .error, "the successor ended", [LogField("reason", .string(Self.description(of: end)))])
            }
        }
    }

    /// Reads what the new process says.
    func fileIsReady(_ what: FileInterest) {
        readPipe()
        guard case .starting(let child) = state, isReady else { return }
        loop.cancel(timer)
        if isSupervised {
            child.signal(MiddleMan.Word.leave.signal)
            state = .leaving(middleMan: child)
        } else {
            state = .done(child)
            succeeded(by: child.id)
        }
        childEnded()
    }

    /// By now the new process is a child of the service manager, if it has not ended. It has the pipe for itself, so as
    /// long as that is not at its end, the number is its own.
    private func middleManLeft(_ end: ChildProcess.End) {
        readPipe()
        guard let successor = Inheritance.successor(in: said) else { return fail(Self.description(of: end)) }
        guard !isPipeAtEnd else { return fail("it ended when it was ready") }
        guard !isAbandoned else {
            kill(successor, SIGTERM)
            return fail(Self.wasStopped)
        }
        state = .done(nil)
        succeeded(by: successor)
    }

    private func succeeded(by successor: Int32) {
        // It removes the socket's file at its end from now on.
        socket()?.own(nil)
        whenDone(successor)
        if mustReload { kill(successor, SIGHUP) }
        // Tells it that it is the main process, so it comes last.
        forgetPipe()
    }

    private func spawned(_ result: Result<ChildProcess, EventLoopError>) {
        switch result {
        case .failure(let error): fail("\(launch.executable): \(error)")
        case .success(let child):
            state = .starting(child)
            if isAbandoned { return end(Self.wasStopped) }
            loop.set(timer, deadline: loop.deadline(after: startLimit))
            do {
                try loop.watch(pipe, for: [.read], self)
            } catch {
                return end("\(error)")
            }
            // It may have ended before it was known here.
            childEnded()
        }
    }

    private func end(_ reason: String) {
        guard case .starting(let child) = state else { return }
        if isSupervised {
            child.signal((isReady ? MiddleMan.Word.terminate : .kill).signal)
        } else {
            child.signal(isReady ? SIGTERM : SIGKILL)
        }
        state = .ending(child, reason: reason)
        childEnded()
    }

    private func fail(_ reason: String) {
        forgetPipe()
        loop.cancel(timer)
        state = .idle
        log.event(.error, "takeover failed", [LogField("reason", .string(reason))])
        settled.take()?()
    }

    private func readPipe() {
        guard pipe >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 512)
        while said.count < Self.maximumReasonBytes {
            let count = read(pipe, &buffer, buffer.count)
            if count > 0 {
                said += buffer[..<count]
            } else {
                // At its end it would be reported for ever; how the process ended is told by a signal.
                if count == 0 {
                    isPipeAtEnd = true
                    loop.unwatch(pipe)
                }
                return
            }
        }
        loop.unwatch(pipe)
    }

    private func forgetPipe() {
        guard pipe >= 0 else { return }
        loop.unwatch(pipe)
        close(pipe)
        pipe = -1
    }

    private static func description(of end: ChildProcess.End) -> String {
        switch end {
        case .exited(let code): "it ended with code \(code)"
        case .killed(let signal): "it was ended by signal \(signal)"
        }
    }
}
