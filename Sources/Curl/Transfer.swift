internal import CCurl
internal import CHTTP2
internal import EventLoop
internal import Glibc

/// One running HTTP call, read piece by piece. For the thread of the loop it was started on; `cancel` is for any.
///
/// Bytes that nobody has asked for yet wait here, up to `highWater`; then the transfer is paused until they are taken,
/// so a slow reader holds a bounded amount.
@safe public final class Transfer: @unchecked Sendable {
    // @unchecked: every variable is touched on the loop's thread only; `cancel` from elsewhere hops there.

    /// What happens next on a call.
    public enum Event: Sendable {
        /// The head of the answer; once, before anything else. Redirects are not followed.
        ///
        /// - Parameter lines: its header fields as they came, each with the end of its line.
        case head(status: Int, lines: [UInt8])
        /// A piece of the body, never empty, as it came.
        case bytes([UInt8])
        /// Nothing came for as long as asked.
        case silence
        /// The answer is complete. Every further call gives the same.
        case end
    }

    private enum State {
        case running
        case finished
        case failed(CurlError)
    }

    let pool: TransferPool
    let loop: EventLoop
    private(set) var handle: EasyHandle?
    var headerList = HeaderList()
    private var state = State.running

    private var answer = AnswerHead()
    private enum Head { case incomplete, complete, delivered }
    private var head = Head.incomplete
    private var pending: [UInt8] = []
    /// Whether libcurl waits for the reader.
    var isPaused = false
    /// The body while it is sent, unless libcurl has a copy of it.
    var upload = Upload()
    /// Whether libcurl waits for the next piece of the body.
    var isSendPaused = false
    /// Whether the body has a source and is not all handed over.
    private var isUploading: Bool { upload.hasSource && !upload.isComplete }
    let mayConnect: (@Sendable ([UInt8]) -> Bool)?
    /// Whether an address was not allowed.
    var hasRefusedAddress = false
    /// Whether the connection stands and libcurl was told to send.
    var hasIssuedRequest = false
    let mayShareConnection: Bool
    /// What was made of the connection that libcurl chose.
    var choice = ConnectionChoice.libcurls
    /// How the other side refused the request, if it did.
    var refusals = Refusals()
    /// Where it runs.
    var multi: MultiHandle { pool.multi(isShared: mayShareConnection) }
    /// This side's port of the connection that the request was sent on; 0 before.
    var localPort: Int32 = 0
    /// What the call showed of its connection, complete once it is over; nil unless asked for.
    public internal(set) var report: ConnectionReport? {
        get { reports.first }
        set { reports = newValue.map { [$0] } ?? [] }
    }
    // None or one. In an array, since an open stream, which has none, should be small.
    private var reports: [ConnectionReport] = []
    /// Why a callback made libcurl give up, if one did.
    var abortReason: CurlError?
    // Not a checked one, which is an object of its own for each wait: every use is in `next` and `wake`, on the loop.
    private var waiter: UnsafeContinuation<Void, Never>?

    private let firstByte: Duration?
    /// In nanoseconds, the greatest number for no limit.
    private let idle: UInt64
    private var idleDeadline = UInt64.max
    private let maximumBodyBytes: Int
    private var bodyBytes = 0
    private var connectDeadline = UInt64.max
    private var firstByteDeadline = UInt64.max
    private var totalDeadline = UInt64.max
    private var silenceDeadline = UInt64.max
    // Not weakly, for that would make each counting of references to a transfer slower: the timer is armed while the call
    // runs only, and the multi handle keeps the transfer that long.
    private lazy var timer = LoopTimer { [unowned self] in timeIsUp() }

    /// Bytes waiting for the reader at which a transfer is paused. libcurl hands over at most 16 KiB at once
    /// (`CURL_MAX_WRITE_SIZE`), so up to 32 KiB wait here and 16 KiB in libcurl. Not so on a shared HTTP/2 connection,
    /// where libcurl itself holds what its window of 32 MiB granted: see `TransferOptions.usesHTTP2`.
    static let highWater = 16 * 1024

    init(pool: TransferPool, options: borrowing TransferOptions) {
        self.pool = pool
        loop = pool.loop
        firstByte = options.firstByte
        idle = options.idle.map(EventLoop.nanoseconds) ?? .max
        maximumBodyBytes = options.maximumBodyBytes
        mayShareConnection = options.mayShareConnection
        mayConnect = options.mayConnect
        // Also kept here, because libcurl does not count the time for which a call waits for another's connection.
        connectDeadline = loop.deadline(after: options.connect)
        totalDeadline = deadline(after: options.total)
        start(options)
    }

    deinit {
        // The multi handle keeps a running transfer alive, so what arrives here has given its handle back.
        assert(handle == nil)
    }

    // MARK: Reading

    /// Waits for what happens next.
    ///
    /// - Parameter silence: how long to wait before `.silence` is the answer; nil to wait as long as the time-outs let.
    /// - Throws: `CurlError`, `.cancelled` when the task was. The call is over then and has released everything.
    public func next(silence: Duration?) async throws(CurlError) -> Event {
        silenceDeadline = deadline(after: silence)
        while true {
            if let event = try poll() { return event }
            armTimer()
            await withTaskCancellationHandler {
                unsafe await withUnsafeContinuation { continuation in
                    guard case .running = state else { return unsafe continuation.resume() }
                    unsafe waiter = continuation
                }
            } onCancel: {
                cancel()
            }
        }
    }

    /// The next event that is there already.
    private func poll() throws(CurlError) -> Event? {
        if head == .complete {
            head = .delivered
            defer { answer = AnswerHead() }
            return .head(status: answer.status, lines: answer.lines)
        }
        if !pending.isEmpty {
            var bytes: [UInt8] = []
            swap(&bytes, &pending)
            resumeTransfer()
            return .bytes(bytes)
        }
        switch state {
        case .finished: return .end
        case .failed(let error): throw error
        case .running: break
        }
        // By the loop's time, as the deadline was set: by the real time a caller that asks again and again without
        // being suspended would keep the loop from everything else.
        if silenceDeadline <= loop.now {
            silenceDeadline = .max
            armTimer()
            return .silence
        }
        return nil
    }

    private func wake() {
        guard let waiter = unsafe waiter.take() else { return }
        unsafe waiter.resume()
    }

    /// Gives the call up: an HTTP/1 connection is closed, an HTTP/2 stream is reset. From any thread; harmless later.
    public func cancel() {
        if loop.isCurrent {
            fail(CurlError(.cancelled, "the call was cancelled"))
        } else {
            loop.submit { self.cancel() }
        }
    }

    // MARK: Time

    private func deadline(after duration: Duration?) -> UInt64 {
        duration.map(loop.deadline) ?? .max
    }

    private var nextDeadline: UInt64 {
        let phase =
            if !hasIssuedRequest {
                connectDeadline
            } else if head == .incomplete, !isUploading {
                firstByteDeadline
            } else {
                idleDeadline
            }
        return min(phase, totalDeadline, silenceDeadline)
    }

    /// Moves the timer forward only: one that goes off too early is set again, which is rarer than events.
    private func armTimer() {
        guard case .running = state else { return }
        let deadline = nextDeadline
        guard deadline < timer.armedDeadline ?? .max else { return }
        loop.set(timer, deadline: deadline)
    }

    private func timeIsUp() {
        guard case .running = state else { return }
        let now = loop.now
        // While the reader is slow the upstream cannot send, and while the source is nothing can be sent to it: that is
        // not its silence.
        if isPaused || isSendPaused || !pending.isEmpty { noteProgress() }
        if now >= totalDeadline {
            fail(CurlError(.totalTimedOut, "the answer was not complete in time"))
        } else if !hasIssuedRequest, now >= connectDeadline {
            fail(CurlError(.connectTimedOut, "no connection in time"))
        } else if head == .incomplete, !isUploading, now >= firstByteDeadline {
            fail(CurlError(.firstByteTimedOut, "no answer in time"))
        } else if head != .incomplete, now >= idleDeadline {
            fail(CurlError(.idleTimedOut, "the answer stopped in the middle"))
        } else if hasIssuedRequest, isUploading, now >= idleDeadline {
            fail(CurlError(.idleTimedOut, "the request is not taken any more"))
        } else {
            if now >= silenceDeadline {
                // A reader that waits is told, and sets the timer when it waits again; another does not care.
                guard unsafe waiter == nil else { return wake() }
                silenceDeadline = .max
            }
            armTimer()
        }
    }

    // MARK: Start and end

    private func start(_ options: borrowing TransferOptions) {
        guard let (handle, hasKind) = pool.takeHandle(for: options) else {
            state = .failed(CurlError(.badOptions, "libcurl has no memory for another call"))
            return
        }
        self.handle = handle
        upload = Upload(options.body, source: options.further)
        if !hasKind {
            handle.reset(for: CallKind(options))
            applyKind(options, to: handle)
        }
        unsafe applyOwn(options, to: handle.pointer)
        // Read while the connection is made.
        guard readAhead() else { return fail(Self.tooBusy) }
        guard multi.add(self, handle) else {
            return fail(CurlError(.badOptions, "libcurl refused the call"))
        }
        armTimer()
    }

    /// libcurl is done with the call. Called by the multi handle, never inside a callback of libcurl.
    func completed(_ code: CURLcode) {
        if beginAnew() { return }
        if code == CURLE_OK, abortReason == nil {
            end(head == .incomplete ? .failed(CurlError(.cut, "the answer has no head")) : .finished)
        } else if code == CURLE_COULDNT_CONNECT, hasRefusedAddress {
            end(.failed(CurlError(.forbiddenAddress, "the address may not be connected to")))
        } else {
            let error = refusals.isLast ? Self.refused : CurlError(code, isRequestSent: hasIssuedRequest)
            end(.failed(abortReason ?? error))
        }
    }

    func fail(_ error: CurlError) {
        end(.failed(error), isGivenUp: true)
    }

    private func end(_ state: State, isGivenUp: Bool = false) {
        guard case .running = self.state else { return }
        self.state = state
        loop.cancel(timer)
        if let handle {
            self.handle = nil
            unsafe report?.complete(by: handle.pointer)
            let isComplete = if case .finished = state { true } else { false }
            _ = unsafe fr_http2_take_refusal(handle.pointer)
            discardHeld(by: handle)
            multi.remove(
                self, handle, isGivenUp: isGivenUp && hasIssuedRequest && mayShareConnection)
            // What libcurl keeps of a call that broke off on a shared connection is nobody else's.
            if isComplete || !mayShareConnection {
                pool.keep(handle, isAsItWas: isComplete && choice == .libcurls)
            }
        }
        headerList = HeaderList()
        upload = Upload()
        if case .failed(let error) = state, error.code == .cancelled { pending = [] }
        wake()
    }

    // MARK: What libcurl calls

    /// One line of the answer's head.
    static let onHeader: fr_data_callback = { data, size, count, context in
        guard let transfer = unsafe transfer(context) else { return 0 }
        let line = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
        return unsafe transfer.receiveHeader(line.bindMemory(to: UInt8.self).span) ? line.count : 0
    }

    private func receiveHeader(_ line: Span<UInt8>) -> Bool {
        // Trailers are of no use here.
        guard head == .incomplete, isRunning else { return true }
        switch answer.take(line) {
        case .incomplete: break
        case .complete:
            head = .complete
            forgetRequest()
            noteProgress()
            wake()
        case .tooLarge:
            abortReason = CurlError(.tooLarge, "the head of the answer is too large")
            return false
        }
        return true
    }

    /// A piece of the answer's body.
    static let onBytes: fr_data_callback = { data, size, count, context in
        guard let transfer = unsafe transfer(context) else { return 0 }
        return unsafe transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count))
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard isRunning else { return bytes.count }
        if pending.count >= Self.highWater {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        bodyBytes += bytes.count
        guard bodyBytes <= maximumBodyBytes else {
            abortReason = CurlError(.tooLarge, "the answer is too large")
            return 0
        }
        unsafe pending.append(contentsOf: bytes)
        noteProgress()
        wake()
        return bytes.count
    }

    /// Counts silence from now on.
    func noteProgress() {
        idleDeadline = loop.deadline(afterNanoseconds: idle)
    }

    /// Counts the time that the upstream has for the head of its answer from now on.
    func awaitHead() {
        firstByteDeadline = deadline(after: firstByte)
        armTimer()
    }

    /// Whether nothing of an answer came yet.
    var isUnanswered: Bool { head == .incomplete }

    /// Whether the call has not ended.
    var isRunning: Bool {
        if case .running = state { true } else { false }
    }
}
