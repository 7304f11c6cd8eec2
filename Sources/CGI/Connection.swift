internal import EventLoop
internal import Glibc

/// One connection from the web server: it waits for a request, reads it, has it answered, and waits again.
///
/// Everything happens on its loop's thread, but for reading a body that has not arrived yet.
final class Connection: FileWatcher, @unchecked Sendable {
    // @unchecked: used on its loop's thread only; a pool thread sees `slot` and nothing else while it reads a body.

    private enum State {
        /// For a request to arrive.
        case waiting
        /// A thread reads the body.
        case readingBody
        case answering
        case closed
    }

    private let descriptor: Int32
    private let loop: EventLoop
    private let acceptor: Acceptor
    private let server: Server
    private let slot: any RequestSlot
    private var state = State.waiting
    private var isClientGone = false
    /// The web server closed or half closed the connection. It is told once, whatever state it finds; it stays true.
    ///
    /// A half close is not the end of a request, which both protocols mark otherwise, but a client that left: neither
    /// nginx nor Apache's mod_proxy_fcgi and mod_proxy_scgi ever makes one, and lighttpd does only where it is told to
    /// pass on that its own client did (`tcp-fin-propagate`). On TCP nobody could tell it from a close either.
    private var hasPeerLeft = false
    /// A part of a body may still be in the socket: whatever it holds must not be taken for another request.
    private var mustClose = false
    /// Set while parameters are here in part.
    private var parameterTimer: LoopTimer?
    private var task: Task<Void, Never>?
    /// On its way into the task, whose closure would keep what it captures to its end.
    private var request: Request?
    private var creditWaiter: CheckedContinuation<Void, Never>?
    /// Bytes, overhead included, that can be written before the kernel must be asked again.
    private var credit: Int
    private let fullCredit: Int

    /// The most that goes to the socket between two looks at the credit; far below either credit.
    static let maximumWriteBytes = 16 * 1024
    /// A Unix socket is writable with three quarters of its buffer free: 159,744 of the default 212,992 bytes.
    private static let unixCredit = 96 * 1024
    /// A TCP socket is writable with a third of its buffer free; `ListeningSocket` asks for 256 KiB.
    private static let tcpCredit = 48 * 1024
    /// What the kernel charges for a packet beyond its bytes (`skb->truesize`): measured 0.8 KiB for small ones.
    private static let overheadPerWrite = 1024

    private static let interest: FileInterest = [.read, .peerClosed, .edgeTriggered]

    init(descriptor: Int32, slot: any RequestSlot, acceptor: Acceptor, isUnix: Bool) {
        self.descriptor = descriptor
        self.acceptor = acceptor
        loop = acceptor.loop
        server = acceptor.server
        self.slot = slot
        fullCredit = isUnix ? Self.unixCredit : Self.tcpCredit
        credit = fullCredit
    }

    /// Begins to wait for a request.
    ///
    /// - Throws: `EventLoopError` when the loop cannot watch the descriptor; the caller closes it then.
    func start() throws(EventLoopError) {
        try loop.watch(descriptor, for: Self.interest, self)
    }

    func fileIsReady(_ what: FileInterest) {
        if !what.isDisjoint(with: [.peerClosed, .hangUp, .error]) { hasPeerLeft = true }
        switch state {
        case .waiting:
            readRequest()
        case .readingBody:
            // The thread sees an end within the body; one behind it is seen when the answer begins.
            break
        case .answering:
            if hasPeerLeft {
                clientLeft()
            } else if what.contains(.write) {
                resumeCreditWaiter()
            }
        case .closed:
            break
        }
    }

    // MARK: Reading

    private func readRequest() {
        let result: RequestScan
        switch acceptor.peek(descriptor, for: slot) {
        case .nothing: return
        case .ended: return close()
        case .scanned(let scanned): result = scanned
        }
        switch result {
        case .needsMore:
            // What is here stays a half request when nobody sends the rest.
            if hasPeerLeft { refuse(.malformedRequest) } else { waitForParameters() }
            return
        case .isMalformed:
            return refuse(.malformedRequest)
        case .hasParameters, .isComplete:
            endWaitForParameters()
        }

        guard let parameters = slot.readParameters() else { return close() }
        acceptor.exchangeBegan()
        if case .isComplete(let count) = result, count <= server.limits.bodyBytes {
            let body = slot.readArrivedBody(count: count)
            mustClose = body.count != count
            answer(Request(parameters: parameters, body: body))
        } else {
            readBody(parameters)
        }
    }

    /// Gives parameters that have begun to arrive until `headerTime` to be complete.
    ///
    /// Few requests come in pieces, so the timer is made for those that do.
    private func waitForParameters() {
        guard parameterTimer == nil else { return }
        let timer = LoopTimer { [weak self] in self?.refuse(.lateRequest) }
        loop.set(timer, deadline: loop.deadline(after: server.limits.headerTime))
        parameterTimer = timer
    }

    private func endWaitForParameters() {
        guard let timer = parameterTimer.take() else { return }
        loop.cancel(timer)
    }

    private func refuse(_ problem: Server.Problem) {
        server.report(problem)
        close()
    }

    private func readBody(_ parameters: RequestParameters) {
        state = .readingBody
        let expected = parameters["CONTENT_LENGTH"].flatMap { Int($0) }
        let limits = server.limits
        let deadline = loop.deadline(after: limits.bodyTime)
        let isAccepted = server.bodyReaders.submit { [self] in
            let body = ArrivingBody(
                expected: expected, limit: limits.bodyBytes, contentType: parameters["CONTENT_TYPE"],
                directory: limits.spoolDirectory)
            let arrived = slot.waitForBody(
                LateBody(connection: descriptor, body: body, stall: limits.bodyStall, deadline: deadline))
            loop.submit { [self] in
                if let failure = arrived.failure { server.report(.cannotKeepBody(failure)) }
                answer(Request(parameters: parameters, arrived: arrived))
            }
        }
        if !isAccepted {
            answer(Request(parameters: parameters, arrived: ArrivingBody.Result(problem: .overloaded)))
        }
    }

    // MARK: Answering

    private func answer(_ request: Request) {
        state = .answering
        isClientGone = hasPeerLeft || request.bodyProblem == .brokenOff
        switch request.bodyProblem {
        case .timedOut, .overloaded, .brokenOff: mustClose = true
        case .tooLarge, .notKept, nil: break
        }
        let response = ResponseStream(connection: self)
        let handler = server.handler
        self.request = request
        task = Task(executorPreference: loop) { [self] in
            guard let request = takeRequest() else { return }
            // Said, for else the request's memory stays to the end of the answer.
            await handler.respond(to: consume request, through: response)
            if !response.hasEnded { cut() }
        }
        if isClientGone { task?.cancel() }
    }

    private func takeRequest() -> Request? {
        defer { request = nil }
        return request
    }

    private func clientLeft() {
        guard !isClientGone else { return }
        isClientGone = true
        task?.cancel()
        resumeCreditWaiter()
    }

    /// Whether something can be written at once.
    func hasCredit() -> Bool {
        guard !isClientGone, state == .answering else { return false }
        if credit <= 0, isWritable() { credit = fullCredit }
        return credit > 0
    }

    /// Suspends until something can be written.
    ///
    /// - Returns: false when the client is gone.
    func waitForCredit() async -> Bool {
        while !isClientGone, state == .answering {
            if hasCredit() { return true }
            await withCheckedContinuation { continuation in
                creditWaiter = continuation
                do {
                    try loop.rewatch(descriptor, for: Self.interest.union(.write))
                } catch {
                    clientLeft()
                }
            }
        }
        return false
    }

    private func resumeCreditWaiter() {
        guard let waiter = creditWaiter else { return }
        creditWaiter = nil
        do {
            try loop.rewatch(descriptor, for: Self.interest)
        } catch {
            isClientGone = true
        }
        waiter.resume()
    }

    private func isWritable() -> Bool {
        var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&query, 1, 0) == 1 && query.revents & Int16(POLLOUT) != 0
    }

    /// Writes against credit; see `ResponseStream`.
    ///
    /// - Returns: false when the connection is broken.
    func write(_ bytes: ArraySlice<UInt8>, isEnd: Bool) -> Bool {
        credit -= bytes.count + bytes.count / 4 + Self.overheadPerWrite
        if !isEnd {
            if slot.write(bytes, isEnd: false) { return true }
            clientLeft()
            return false
        }
        let keepsConnection = slot.keepsConnection
        if mustClose || !acceptor.isAccepting { slot.refuseReuse() }
        let isSent = slot.write(bytes, isEnd: true)
        state = .waiting
        task = nil
        if !isSent || !keepsConnection || mustClose || hasPeerLeft || !acceptor.isAccepting { close() }
        acceptor.exchangeEnded()
        return isSent
    }

    /// Ends an answer that its handler did not end: the web server sees the connection close in the middle.
    func cut() {
        guard state == .answering else { return }
        slot.breakOff()
        slot.release()
        close()
        acceptor.exchangeEnded()
    }

    // MARK: Closing

    /// Closes the connection if no request is on it, and none has arrived either.
    func closeIfIdle() {
        if state == .waiting { readRequest() }
        if state == .waiting { close() }
    }

    /// Cancels what is running on the connection.
    func cancel() {
        if state == .answering { clientLeft() }
    }

    private func close() {
        guard state != .closed else { return }
        state = .closed
        endWaitForParameters()
        loop.forget(descriptor)
        if slot.hasConnection { Glibc.close(descriptor) }
        acceptor.connectionClosed(descriptor)
    }
}
