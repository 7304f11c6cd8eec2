internal import EventLoop
internal import Glibc

/// A server's part on one loop: accepts connections there and knows those that are open.
final class Acceptor: FileWatcher {
    let loop: EventLoop
    let server: Server
    private var socket: ListeningSocket?
    private let isUnix: Bool
    private var connections: [Int32: Connection] = [:]
    private lazy var activity = LoopActivity(loop: loop) { [server] in server.quietChanged($0) }
    private var hasReportedIdle = false
    /// When idle connections are closed whatever comes, in nanoseconds of the loop's clock.
    private var lastCloseDeadline: UInt64 = 0
    private var lingerTime: UInt64 = 0
    /// Whether kept connections may still bring a request.
    private var isLingering = false
    private lazy var lingerTimer = LoopTimer { [weak self] in self?.closeIdleConnections() }
    private var scratch = [UInt8](repeating: 0, count: RequestScan.maximumBytes)
    private lazy var retry = LoopTimer { [weak self] in self?.watchSocket() }

    /// Whether connections may wait for another request.
    private(set) var isAccepting = true

    /// Connections taken per wake-up, so that a burst spreads over the loops.
    private static let acceptsPerWakeUp = 8
    /// How long to wait for descriptors to become free, in nanoseconds.
    private static let retryDelay: UInt64 = 100_000_000
    /// How long no request may have come on a kept connection before the idle ones are closed at the end, in
    /// nanoseconds, and when they are closed at the latest. nginx sends the next request on a kept connection without
    /// looking whether it is still open, and fails a POST that finds it closed: so the busy ones are answered once
    /// more, and those that are left are those which nobody was about to use. A successor leaves more time.
    private static let stopLinger: (time: UInt64, latest: UInt64) = (100_000_000, 2_000_000_000)
    private static let succeededLinger: (time: UInt64, latest: UInt64) = (2_000_000_000, 60_000_000_000)

    /// What the server holds of an acceptor; its contents are for the loop's thread.
    final class Handle: @unchecked Sendable {
        // @unchecked: `acceptor` is touched on `loop`'s thread only.
        let loop: EventLoop
        private(set) var acceptor: Acceptor?

        init(loop: EventLoop) {
            self.loop = loop
        }

        func start(server: Server, socket: ListeningSocket) {
            let acceptor = Acceptor(loop: loop, server: server, socket: socket)
            self.acceptor = acceptor
            acceptor.watchSocket()
        }

        func end() {
            acceptor = nil
        }
    }

    private init(loop: EventLoop, server: Server, socket: ListeningSocket) {
        self.loop = loop
        self.server = server
        self.socket = socket
        isUnix = socket.isUnix
    }

    private func watchSocket() {
        guard let socket else { return }
        do {
            try loop.watch(socket.descriptor, for: [.read, .exclusive], self)
        } catch {
            server.report(.cannotAccept(error))
            loop.set(retry, deadline: loop.now + Self.retryDelay)
        }
    }

    func fileIsReady(_ what: FileInterest) {
        for _ in 0..<Self.acceptsPerWakeUp {
            guard let socket else { return }
            do {
                guard let descriptor = try socket.accept() else { return }
                open(descriptor)
            } catch {
                // The socket stays readable: without a pause this loop would do nothing else.
                server.report(.cannotAccept(error))
                loop.unwatch(socket.descriptor)
                loop.set(retry, deadline: loop.now + Self.retryDelay)
                return
            }
        }
    }

    private func open(_ descriptor: Int32) {
        let connection = Connection(
            descriptor: descriptor, slot: server.gateway.makeSlot(connection: descriptor), acceptor: self,
            isUnix: isUnix)
        do {
            try connection.start()
            connections[descriptor] = connection
        } catch {
            server.report(.cannotAccept(error))
            Glibc.close(descriptor)
        }
    }

    // MARK: What connections tell

    /// What a look at the bytes in a socket showed.
    enum Peek {
        case nothing
        case ended
        case scanned(RequestScan)
    }

    /// Looks at a connection's bytes without taking them. `recv` with `MSG_PEEK`
    func peek(_ descriptor: Int32, for slot: any RequestSlot) -> Peek {
        let count = unsafe scratch.withUnsafeMutableBytes { buffer in
            unsafe recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_PEEK | MSG_DONTWAIT))
        }
        if count < 0 { return errno == EAGAIN || errno == EINTR ? .nothing : .ended }
        if count == 0 { return .ended }
        let result = slot.scan(scratch.span.extracting(first: count))
        // Full, and the parameters do not end: more than any web server lets through.
        if result == .needsMore, count == scratch.count { return .scanned(.isMalformed) }
        return .scanned(result)
    }

    func exchangeBegan() {
        activity.exchangeBegan()
        if lingerTimer.isArmed { setLingerTimer() }
    }

    func exchangeEnded() {
        activity.exchangeEnded()
        reportIdleIfDone()
    }

    func connectionClosed(_ descriptor: Int32) {
        connections[descriptor] = nil
        reportIdleIfDone()
    }

    // MARK: Ending

    func stop(isSucceeded: Bool) {
        guard isAccepting else { return }
        isAccepting = false
        // This loop alone was woken for a connection that it had no descriptor for.
        let hasMissed = retry.isArmed
        loop.cancel(retry)
        if let socket {
            loop.unwatch(socket.descriptor)
            // What has connected already is served; closing the socket would reset it.
            while !isSucceeded || hasMissed, let descriptor = try? socket.accept() { open(descriptor) }
        }
        socket = nil
        let linger = isSucceeded ? Self.succeededLinger : Self.stopLinger
        lingerTime = linger.time
        lastCloseDeadline = loop.now + linger.latest
        isLingering = true
        setLingerTimer()
        reportIdleIfDone()
    }

    private func setLingerTimer() {
        loop.set(lingerTimer, deadline: min(loop.now + lingerTime, lastCloseDeadline))
    }

    private func closeIdleConnections() {
        for connection in Array(connections.values) { connection.closeIfIdle() }
        isLingering = false
        reportIdleIfDone()
    }

    func cancelAll() {
        for connection in Array(connections.values) { connection.cancel() }
    }

    private func reportIdleIfDone() {
        guard !isAccepting, activity.running == 0, !hasReportedIdle else { return }
        // Kept connections may still bring a request, until all of them were looked at for the last time.
        if isLingering, !connections.isEmpty { return }
        activity.end()
        hasReportedIdle = true
        loop.cancel(lingerTimer)
        server.becameIdle(on: loop)
    }
}
