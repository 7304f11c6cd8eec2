internal import Curl
internal import EventLoop
internal import FastCGI
internal import Glibc
internal import Relay
internal import Synchronization

/// The running service: socket, loops, relay, and how it ends.
final class Service: Sendable {
    private let loops: [EventLoop]
    private let relay: Relay
    private let server: Server
    private let log: JSONLineLog
    private let writer: LogWriter
    private let drainTimeout: Duration
    private let isStopping = Atomic(false)

    /// Serves until SIGTERM or SIGINT and all exchanges have ended, or the drain time is over.
    ///
    /// The calling thread becomes the first loop's; call it from the process's first thread, before any other exists.
    /// - Throws: `ExitReason` when it cannot start.
    static func run(_ options: Command.Options, configuration: Configuration) throws(ExitReason) {
        // Before any thread exists, so that all of them inherit it.
        SignalSource.block(handledSignals)
        Self.raiseDescriptorLimit()

        switch options.wireProtocol ?? configuration.wireProtocol {
        case .fastcgi: break
        }
        // The socket before everything else: web servers can connect while the rest is made.
        var socket: ListeningSocket? = try listen(options, configuration)
        let service = try make(configuration)
        try service.handleSignals()
        // Not kept here: when the server lets go of it, web servers must find nobody, and a successor may have the path.
        if let socket = socket.take() { service.server.start(on: socket) }
        service.log.event(.info, "listening", [])
        // What the relay does beside its exchanges, such as fetching lists of models.
        let background = Task(executorPreference: service.loops[0]) { await service.relay.run() }

        var threads: [Thread] = []
        for loop in service.loops.dropFirst() {
            threads.append(
                try orFail { () throws(EventLoopError) in
                    try Thread(name: "loop-\(loop.index)") { loop.run() }
                })
        }
        StartupMemory.release()
        service.loops[0].run()
        background.cancel()
        for thread in threads { thread.join() }
        service.writer.finish()
    }

    private init(
        loops: [EventLoop], relay: Relay, server: Server, log: JSONLineLog, writer: LogWriter,
        drainTimeout: Duration
    ) {
        self.loops = loops
        self.relay = relay
        self.server = server
        self.log = log
        self.writer = writer
        self.drainTimeout = drainTimeout
    }

    private static func make(_ configuration: Configuration) throws(ExitReason) -> Service {
        let count =
            configuration.loops > 0 ? configuration.loops : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let clock = SystemClock()
        let writer = try orFail { () throws(EventLoopError) in try LogWriter(descriptor: STDERR_FILENO) }
        let log = JSONLineLog(writer: writer, clock: clock, lowestLevel: configuration.log.level)
        var loops: [EventLoop] = []
        var pools: [TransferPool] = []
        for index in 0..<count {
            let loop = try orFail { () throws(EventLoopError) in try EventLoop(index: index) }
            loops.append(loop)
            pools.append(try orFail { () throws(CurlError) in try TransferPool(loop: loop) })
        }
        let relay = Relay(
            configuration: configuration,
            ports: Ports(
                transport: CurlTransport(pools: pools), clock: clock, random: SystemRandom(), log: log,
                offload: ThreadOffload(threads: 2), store: store(configuration, log)))
        let limits = Server.Limits(
            bodyBytes: configuration.limits.bodyBytes,
            bodyTime: configuration.limits.bodyTimeout)
        let server = Server(loops: loops, limits: limits, handler: FastCGIFront(relay: relay)) { problem in
            switch problem {
            case .malformedRequest: log.event(.warning, "malformed FastCGI request", [])
            case .cannotAccept(let error):
                log.event(.error, "cannot accept connections", [LogField("error", .string("\(error)"))])
            }
        }
        return Service(
            loops: loops, relay: relay, server: server, log: log, writer: writer,
            drainTimeout: configuration.drainTimeout)
    }

    /// Where processes share lists of models, if the configuration says so.
    static func store(_ configuration: Configuration, _ log: any ExchangeLog) -> any CatalogueStore {
        guard let directory = configuration.cacheDirectory else { return NoCatalogueStore() }
        return FileCatalogueStore(directory: directory, log: log)
    }

    private static func listen(
        _ options: Command.Options, _ configuration: Configuration
    ) throws(ExitReason) -> ListeningSocket {
        let address: ListeningSocket.Address
        if options.listen == nil, ListeningSocket.isListening(STDIN_FILENO) {
            // mod_fcgid, spawn-fcgi, and systemd with StandardInput=socket.
            address = .descriptor(STDIN_FILENO)
        } else {
            switch options.listen ?? configuration.listen {
            case .unix(let path):
                address = .unix(
                    path: path, mode: UInt32(configuration.socketMode), group: configuration.socketGroup)
            case .tcp(let host, let port): address = .tcp(host: host, port: UInt16(clamping: port))
            case .descriptor(let number): address = .descriptor(Int32(clamping: number))
            }
        }
        do throws(ListeningSocket.Failure) {
            return try ListeningSocket(address)
        } catch {
            throw ExitReason(code: .cannotListen, message: error.description)
        }
    }

    private static func orFail<Value: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(ExitReason) -> Value {
        do throws(Failure) {
            return try body()
        } catch {
            throw ExitReason(code: .cannotListen, message: "\(error)")
        }
    }

    /// Each exchange has two descriptors; the usual soft limit of 1024 is there for programs that use select(2).
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    // MARK: Ending

    private static let handledSignals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1]

    private func handleSignals() throws(ExitReason) {
        try Self.orFail { () throws(EventLoopError) in
            let source = try SignalSource(Self.handledSignals) { [self] signal in
                switch signal {
                case SIGTERM, SIGINT: stop(signal)
                default: log.event(.info, "signal ignored", [LogField("signal", .int(Int(signal)))])
                }
            }
            try source.start(on: loops[0])
        }
    }

    private func stop(_ signal: Int32) {
        if isStopping.exchange(true, ordering: .relaxed) {
            // The second one: whoever sends it does not want to wait.
            writer.finish()
            _exit(128 + signal)
        }
        log.event(.info, "draining", [LogField("timeout_ms", .duration(drainTimeout))])
        let timer = LoopTimer { [self] in
            log.event(.warning, "drain time is over, exchanges are cut", [])
            server.cancelAll()
            let lastTimer = LoopTimer { [self] in endLoops() }
            loops[0].set(lastTimer, deadline: loops[0].deadline(after: .seconds(1)))
        }
        loops[0].set(timer, deadline: loops[0].deadline(after: drainTimeout))
        server.stop { [self] in endLoops() }
    }

    private func endLoops() {
        log.event(.info, "stopped", [])
        for loop in loops { loop.stop() }
    }
}
