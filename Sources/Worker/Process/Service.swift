internal import CGI
internal import Curl
internal import EventLoop
internal import FastCGI
internal import Glibc
internal import Relay
internal import SCGI
internal import Synchronization

/// The running service: socket, loops, relay, and what signals do to it.
final class Service: Sendable {
    let loops: [EventLoop]
    let server: Server
    let log: JSONLineLog
    let manager: ServiceManager
    /// The socket, until this process stops accepting.
    let socket: Mutex<ListeningSocket?>
    /// How the process ends, if it does.
    let ending = Mutex(Ending.none)
    private let relay: CurrentRelay
    private let relays: AsyncStream<Relay>
    private let newRelay: AsyncStream<Relay>.Continuation
    private let configuration: Mutex<Configuration>
    private let threshold: LogThreshold
    let ports: Ports
    private let writer: LogWriter

    /// What the process does on its way out.
    enum Ending {
        case none
        /// Another process serves; this one finishes what runs, however long that takes.
        case succeeded
        /// It was told to stop, and finishes what runs within the drain time.
        case draining
        /// It was told so twice, and ends what runs. With the exit code that says so.
        case cut(Int32)
    }

    /// Serves until SIGTERM or SIGINT and all exchanges have ended, or the drain time is over.
    ///
    /// The calling thread becomes the first loop's; call it from the process's first thread, before any other exists.
    /// - Parameters:
    ///   - launch: how the process was started.
    ///   - inheritance: what it has from a predecessor; nil when there was none.
    /// - Throws: `ExitReason` when it cannot start.
    static func run(
        _ options: Command.Options, _ launch: Launch, _ inheritance: Inheritance?
    ) throws(ExitReason) {
        // Before any thread exists, so that all of them inherit it.
        SignalSource.block(handledSignals)
        Self.raiseDescriptorLimit()

        let variables = launch.variables
        let configuration = try orFail(.configuration) { () throws(ConfigurationError) in
            try options.readConfiguration(variables)
        }
        // The socket before everything else: web servers can connect while the rest is made.
        let source = try SocketSource(options, configuration, variables, inheritance)
        var socket: ListeningSocket? = try orFail { () throws(ListeningSocket.Failure) in
            try ListeningSocket(source.address)
        }
        let manager = ServiceManager(variables, processID: getpid(), isMain: inheritance == nil)
        let gateway = gateway(options.wireProtocol ?? configuration.wireProtocol)
        let service = try make(configuration, gateway, socket, manager)
        try service.handleSignals(launch) { () throws(ConfigurationError) in
            try options.readConfiguration(variables)
        }
        // Not kept here: when the server lets go of it, web servers must find nobody, and a successor may have the path.
        if let socket = socket.take() { service.server.start(on: socket) }
        service.log.event(.info, "listening", [LogField("on", .string(source.description))])
        // What the relays do beside their exchanges, such as fetching lists of models.
        let background = Task(executorPreference: service.loops[0]) { await service.runRelays() }

        var threads: [Thread] = []
        for loop in service.loops.dropFirst() {
            threads.append(
                try orFail { () throws(EventLoopError) in
                    try Thread(name: "loop-\(loop.index)") { loop.run() }
                })
        }
        ProcessMemory.releaseProgram()
        let watchdog = manager.watchdogInterval.map { interval in
            Watchdog(loops: service.loops, interval: interval) { manager.tell(.alive) }
        }
        watchdog?.start()
        // Each loop accepts by its next turn.
        service.loops.roundTrip { service.loops[0].submit { service.becameReady(inheritance) } }
        withExtendedLifetime(watchdog) { service.loops[0].run() }
        background.cancel()
        for thread in threads { thread.join() }
        service.ports.limits.finish()
        service.writer.finish()
    }

    private init(
        loops: [EventLoop], relay: CurrentRelay, server: Server, socket: ListeningSocket?,
        manager: ServiceManager, configuration: Configuration, threshold: LogThreshold, ports: Ports,
        log: JSONLineLog, writer: LogWriter
    ) {
        self.loops = loops
        self.relay = relay
        self.server = server
        self.socket = Mutex(socket)
        self.manager = manager
        self.configuration = Mutex(configuration)
        self.threshold = threshold
        self.ports = ports
        self.log = log
        self.writer = writer
        (relays, newRelay) = AsyncStream.makeStream()
        newRelay.yield(relay.value)
    }

    private static func gateway(_ wireProtocol: Configuration.WireProtocol) -> any GatewayProtocol {
        switch wireProtocol {
        case .fastcgi: FastCGIProtocol()
        case .scgi: SCGIProtocol()
        }
    }

    private static func make(
        _ configuration: Configuration, _ gateway: any GatewayProtocol, _ socket: ListeningSocket?,
        _ manager: ServiceManager
    ) throws(ExitReason) -> Service {
        let count =
            configuration.loops > 0 ? configuration.loops : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let writer = try orFail { () throws(EventLoopError) in try LogWriter(descriptor: STDERR_FILENO) }
        let threshold = LogThreshold(configuration.log.level)
        let log = JSONLineLog(writer: writer, clock: SystemClock(), threshold: threshold)
        var loops: [EventLoop] = []
        var pools: [TransferPool] = []
        for index in 0..<count {
            let loop = try orFail { () throws(EventLoopError) in try EventLoop(index: index) }
            loops.append(loop)
            pools.append(try orFail { () throws(CurlError) in try TransferPool(loop: loop) })
        }
        let ports = Ports.system(configuration, pools: pools, log: log, threads: 2)
        let relay = CurrentRelay(Relay(configuration: configuration, ports: ports))
        let server = Server(
            speaking: gateway, loops: loops, limits: Server.Limits(configuration),
            handler: WebServerFront(relay: relay),
            report: { problem in
                switch problem {
                case .malformedRequest: log.event(.warning, "malformed request", [])
                case .lateRequest: log.event(.warning, "request did not arrive in time", [])
                case .cannotAccept(let error):
                    log.event(.error, "cannot accept connections", [LogField("error", .string("\(error)"))])
                case .cannotKeepBody(let error):
                    log.event(.error, "cannot keep a long body", [LogField("error", .string("\(error)"))])
                }
            },
            whenQuiet: {
                ProcessMemory.giveBack()
                ProcessMemory.releaseProgram()
            })
        return Service(
            loops: loops, relay: relay, server: server, socket: socket, manager: manager,
            configuration: configuration, threshold: threshold, ports: ports, log: log, writer: writer)
    }

    /// Each exchange has two descriptors; the usual soft limit of 1024 is there for programs that use select(2).
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Tells everybody who waits for it; on the first loop's thread.
    private func becameReady(_ inheritance: Inheritance?) {
        guard let inheritance else { return manager.tell(.ready) }
        // None any more: it was told to stop meanwhile.
        guard let socket = socket.withLock({ $0 }) else { return inheritance.fail("it was told to stop") }
        socket.own(inheritance.file)
        inheritance.succeed(on: loops[0]) { [self] in
            manager.becomeMain()
            manager.tell(isServing ? .ready : .stopping(within: currentConfiguration.drainTimeout))
        }
    }

    /// Ends the process at once.
    func exitNow(_ code: Int32) -> Never {
        writer.finish()
        _exit(code)
    }

    // MARK: Configuration

    /// The configuration that runs.
    var currentConfiguration: Configuration { configuration.withLock { $0 } }

    /// Makes a configuration the one that runs; on any thread, but on one at a time.
    func apply(_ read: Configuration) -> ConfigurationChanges {
        let old = currentConfiguration
        let changes = ConfigurationChanges(from: old, to: read)
        guard !changes.applied.isEmpty else { return changes }
        let new = read.applied(to: old)
        let predecessor = relay.value
        let successor = Relay(configuration: new, ports: ports, succeeding: predecessor)
        relay.replace(with: successor)
        // While a body arrives there is no relay yet: it counts by the limits of its first byte.
        server.limits = Server.Limits(new)
        threshold.set(new.log.level)
        configuration.withLock { $0 = new }
        predecessor.retire(inFavourOf: successor)
        newRelay.yield(successor)
        return changes
    }

    /// Does the housekeeping of each relay until the task is cancelled.
    private func runRelays() async {
        await withDiscardingTaskGroup { group in
            for await relay in relays {
                group.addTask { await relay.run() }
            }
        }
    }
}

extension Server.Limits {
    /// The part of the configuration's limits that counts while a request arrives.
    fileprivate init(_ configuration: Configuration) {
        self.init(
            bodyBytes: configuration.limits.bodyBytes, bodyTime: configuration.limits.bodyTimeout,
            spoolDirectory: configuration.spoolDirectory ?? Configuration.standardSpoolDirectory)
    }
}

/// Passes on what a body returns, and turns what it throws into the end of the process.
func orFail<Value: ~Copyable, Failure: Error>(
    _ code: ExitCode = .cannotListen, _ body: () throws(Failure) -> Value
) throws(ExitReason) -> Value {
    do throws(Failure) {
        return try body()
    } catch {
        throw ExitReason(code: code, message: "\(error)")
    }
}
