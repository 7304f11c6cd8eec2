public import EventLoop
internal import Synchronization

/// Takes connections from a web server on one listening socket, spread over the loops.
public final class Server: Sendable {
    /// What one request may cost.
    public struct Limits: Sendable {
        /// The largest body, in bytes; a larger one is read to its end and reported.
        public var bodyBytes: Int
        /// The longest a request's parameters may take to arrive, from its first byte on.
        public var headerTime: Duration
        /// The longest a body may take to arrive.
        public var bodyTime: Duration
        /// The longest silence within a body.
        public var bodyStall: Duration
        /// Bodies that may be waited for at once; further ones queue.
        public var bodiesAtOnce: Int
        /// Where forms go that are too long for memory: `ArrivingBody.maximumBytesInMemory`.
        public var spoolDirectory: String

        /// Makes limits.
        public init(
            bodyBytes: Int = 64 << 20, headerTime: Duration = .seconds(30),
            bodyTime: Duration = .seconds(300),
            bodyStall: Duration = .seconds(30), bodiesAtOnce: Int = 64, spoolDirectory: String = "/tmp"
        ) {
            self.bodyBytes = bodyBytes
            self.headerTime = headerTime
            self.bodyTime = bodyTime
            self.bodyStall = bodyStall
            self.bodiesAtOnce = bodiesAtOnce
            self.spoolDirectory = spoolDirectory
        }
    }

    /// What the operator should know of and no request can tell.
    public enum Problem: Sendable {
        /// Bytes that are no request came; the connection was closed.
        case malformedRequest
        /// A request's parameters did not arrive in time; the connection was closed.
        case lateRequest
        /// A connection could not be accepted, for want of descriptors or memory.
        case cannotAccept(EventLoopError)
        /// A long body could not be put into a file; its client was told to come back.
        case cannotKeepBody(SpoolFile.Failure)
    }

    let gateway: any GatewayProtocol
    private let currentLimits: Mutex<Limits>
    let handler: any RequestHandler
    let report: @Sendable (Problem) -> Void
    let bodyReaders: ThreadPool
    private let whenQuiet: @Sendable () -> Void
    private let quietLoops: Atomic<Int>
    private let acceptors: [Acceptor.Handle]
    private let drain = Mutex(Drain())

    private struct Drain {
        var isDraining = false
        var busyLoops = 0
        var whenIdle: (@Sendable () -> Void)?
    }

    /// Makes a server that does not accept yet.
    ///
    /// - Parameters:
    ///   - gateway: what the web server speaks.
    ///   - loops: each accepts and answers its share.
    ///   - report: called on a loop's thread; must not block.
    ///   - whenQuiet: called on a loop's thread each time that no exchange has run for a second after one has.
    public init(
        speaking gateway: any GatewayProtocol, loops: [EventLoop], limits: Limits,
        handler: any RequestHandler,
        report: @escaping @Sendable (Problem) -> Void,
        whenQuiet: @escaping @Sendable () -> Void = {}
    ) {
        self.gateway = gateway
        currentLimits = Mutex(limits)
        self.handler = handler
        self.report = report
        self.whenQuiet = whenQuiet
        quietLoops = Atomic(loops.count)
        bodyReaders = ThreadPool(name: "body", limit: limits.bodiesAtOnce)
        acceptors = loops.map { Acceptor.Handle(loop: $0) }
    }

    /// What one request may cost from now on; `bodiesAtOnce` stays as it was. From any thread.
    public var limits: Limits {
        get { currentLimits.withLock { $0 } }
        set { currentLimits.withLock { $0 = newValue } }
    }

    /// Starts to accept on every loop. Once.
    ///
    /// The server keeps `socket` open until `stop`.
    public func start(on socket: ListeningSocket) {
        for handle in acceptors {
            handle.loop.submit { handle.start(server: self, socket: socket) }
        }
    }

    /// Stops accepting and closes idle connections; running exchanges go on. From any thread; once counts.
    ///
    /// - Parameters:
    ///   - isSucceeded: whether another process accepts on the same socket already: then what waits there is left to it.
    ///   - whenIdle: called once when no exchange runs any more, on any thread.
    public func stop(isSucceeded: Bool = false, whenIdle: @escaping @Sendable () -> Void) {
        let isFirst = drain.withLock { drain in
            defer { drain.isDraining = true }
            guard !drain.isDraining else { return false }
            drain.busyLoops = acceptors.count
            drain.whenIdle = whenIdle
            return true
        }
        guard isFirst else { return }
        for handle in acceptors {
            handle.loop.submit { handle.acceptor?.stop(isSucceeded: isSucceeded) }
        }
    }

    /// Cancels every exchange, as if its client had left. From any thread.
    public func cancelAll() {
        for handle in acceptors {
            handle.loop.submit { handle.acceptor?.cancelAll() }
        }
    }

    /// Called by each acceptor when its loop has become quiet or no longer is.
    func quietChanged(_ isQuiet: Bool) {
        let count =
            isQuiet
            ? quietLoops.add(1, ordering: .relaxed).newValue
            : quietLoops.subtract(1, ordering: .relaxed).newValue
        if isQuiet, count == acceptors.count { whenQuiet() }
    }

    /// Called once by each acceptor after `stop`, when nothing runs on its loop.
    func becameIdle(on loop: EventLoop) {
        // The server and its acceptors know each other.
        for handle in acceptors where handle.loop === loop { handle.end() }
        let whenIdle = drain.withLock { drain -> (@Sendable () -> Void)? in
            drain.busyLoops -= 1
            return drain.busyLoops == 0 ? drain.whenIdle : nil
        }
        whenIdle?()
    }
}
