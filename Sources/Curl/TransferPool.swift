internal import CCurl
public import EventLoop
internal import Glibc

/// The upstream calls of one loop: one `CURLM` with its connections, DNS cache and TLS sessions.
///
/// libcurl says which sockets and times it waits for, the loop reports them, and nothing is ever polled.
/// See https://curl.se/libcurl/c/curl_multi_socket_action.html. For the loop's thread.
@safe public final class TransferPool: @unchecked Sendable {
    // @unchecked: used on the loop's thread only, but for making it.

    /// How many connections may stand.
    public struct Limits: Sendable {
        /// Idle connections kept for later calls.
        public var keptConnections = 1024
        /// Streams at once on one HTTP/2 connection; the server may allow fewer.
        public var streamsPerConnection = 100

        /// The defaults.
        public init() {}
    }

    let loop: EventLoop
    /// Reads the bodies of requests that come from a source; a thread at work for each, so few.
    let readers = ThreadPool(name: "upload", limit: 2)
    private let multi: UnsafeMutableRawPointer
    private(set) var freeHandles: [EasyHandle] = []
    private var sockets: [Int32: SocketWatch] = [:]
    private var running: [ObjectIdentifier: Transfer] = [:]
    private lazy var timer = LoopTimer { [weak self] in self?.timeIsUp() }

    /// Handles kept for the next call; each has a receive buffer of 16 KiB once it was used.
    private static let keptHandles = 64

    /// With so many free ones that are of no use to a call, it takes the one that was free longest.
    private static let handlesBesides = 8

    /// Initialises libcurl, once per process. `curl_global_init`
    private static let isLibraryReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes a pool for a loop.
    ///
    /// - Throws: `CurlError` when libcurl cannot be initialised.
    public init(loop: EventLoop, limits: Limits = Limits()) throws(CurlError) {
        guard Self.isLibraryReady, let multi = unsafe curl_multi_init() else {
            throw CurlError(.badOptions, "libcurl could not be initialised")
        }
        self.loop = loop
        unsafe self.multi = multi
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe fr_multi_set_socket_callback(multi, Self.onSocket)
        unsafe fr_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        unsafe fr_multi_set_timer_callback(multi, Self.onTimer)
        unsafe fr_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        unsafe fr_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        unsafe fr_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.keptConnections)
        unsafe fr_multi_set_long(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, limits.streamsPerConnection)
    }

    deinit {
        freeHandles = []
        // Closes the idle connections, and with each calls `onClose`.
        unsafe curl_multi_cleanup(multi)
    }

    /// Starts a call. It runs until it is done or cancelled, whether anybody reads it or not.
    public func start(_ options: borrowing TransferOptions) -> Transfer {
        Transfer(pool: self, options: options)
    }

    // MARK: For transfers

    /// A handle for a call, and whether it has the call's kind already, having made a call of it before. A call that is
    /// like no other gets one without a kind.
    func takeHandle(for options: borrowing TransferOptions) -> (handle: EasyHandle, hasKind: Bool)? {
        let isOfSome = CallKind.isOfSome(options)
        for index in freeHandles.indices.reversed() {
            guard freeHandles[index].kind?.isOf(options) ?? !isOfSome else { continue }
            freeHandles.swapAt(index, freeHandles.count - 1)
            return (freeHandles.removeLast(), isOfSome)
        }
        // Rather another one than one that has its use, unless there are many kinds.
        let other = freeHandles.count < Self.handlesBesides ? EasyHandle() : freeHandles.removeFirst()
        return other.map { ($0, false) }
    }

    /// Sets the options that concern the pool. The callback is remembered by each connection that the call opens.
    func prepare(_ easy: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe fr_easy_set_socket_option(easy, Self.onOpen)
        unsafe fr_easy_set_pointer(easy, CURLOPT_SOCKOPTDATA, context)
        unsafe fr_easy_set_close_socket(easy, Self.onClose)
        unsafe fr_easy_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, context)
    }

    /// Hands a call to libcurl and lets it make its first step.
    ///
    /// - Returns: false when libcurl refuses it.
    func add(_ transfer: Transfer, _ handle: EasyHandle) -> Bool {
        running[ObjectIdentifier(transfer)] = transfer
        guard unsafe curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else { return false }
        // The first step is due now, and libcurl set the timer to say so; taken here it costs no turn of the loop.
        timeIsUp()
        return true
    }

    /// Takes a call away from libcurl, whatever its state, and keeps the handle for another one.
    ///
    /// - Parameters:
    ///   - isGivenUp: the request is out on a connection that may be shared, its answer has not ended, and the upstream is
    ///     to learn at once that nobody waits for it.
    ///   - isComplete: the call came to its end as it should.
    func giveBack(_ handle: EasyHandle, of transfer: Transfer, isGivenUp: Bool, isComplete: Bool) {
        unsafe curl_multi_remove_handle(multi, handle.pointer)
        running[ObjectIdentifier(transfer)] = nil
        if isGivenUp { sendReset(port: transfer.localPort) }
        guard freeHandles.count < Self.keptHandles else { return }
        handle.callEnded(isKept: isComplete)
        freeHandles.append(handle)
    }

    /// libcurl 7.88 keeps the frame that resets an HTTP/2 stream in a buffer until it sends something else on the
    /// connection (`send_callback` in its http2.c). Another call on the connection is made to; without any, the
    /// connection is ended, which says the same.
    ///
    /// An HTTP/1 connection is closed already, and its watch gone.
    private func sendReset(port: Int32) {
        guard let socket = sockets.first(where: { $1.isConnection && $1.localPort == port })?.key
        else {
            return
        }
        if let other = running.values.first(where: { $0.localPort == port && $0.isReading }) {
            other.flushConnection()
        } else {
            shutdown(socket, Int32(SHUT_RDWR))
        }
    }

    // MARK: Events

    private func timeIsUp() {
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, curl_socket_t(-1), 0, &running)
        finishTransfers()
    }

    func socketIsReady(_ socket: Int32, _ what: FileInterest) {
        var mask: Int32 = 0
        if what.contains(.read) { mask |= CURL_CSELECT_IN }
        if what.contains(.write) { mask |= CURL_CSELECT_OUT }
        // A hang-up is read as the end it is.
        if !what.isDisjoint(with: [.hangUp, .peerClosed]) { mask |= CURL_CSELECT_IN }
        if what.contains(.error) { mask |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, socket, mask, &running)
        finishTransfers()
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let code = unsafe message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            unsafe fr_easy_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context)
            guard let context = unsafe context else { continue }
            unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().completed(code)
        }
    }

    private static func pool(_ context: UnsafeMutableRawPointer?) -> TransferPool? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<TransferPool>.fromOpaque(context).takeUnretainedValue()
    }

    /// libcurl wants to hear about a socket, or no longer.
    private static let onSocket: curl_socket_callback = { _, socket, what, context, _ in
        unsafe pool(context)?.watch(socket, what)
        return 0
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        var interest: FileInterest = []
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { interest.insert(.read) }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { interest.insert(.write) }
        let watch: SocketWatch
        if let known = sockets[socket] {
            watch = known
        } else {
            watch = SocketWatch(socket: socket, pool: self, isConnection: false)
            sockets[socket] = watch
        }
        if interest.isEmpty, !watch.isConnection {
            watch.stop(on: loop)
            sockets[socket] = nil
        } else {
            watch.wants(interest, on: loop)
        }
    }

    /// libcurl wants to be called at a time, or no longer.
    private static let onTimer: curl_multi_timer_callback = { _, milliseconds, context in
        guard let pool = unsafe pool(context) else { return 0 }
        if milliseconds < 0 {
            pool.loop.cancel(pool.timer)
        } else {
            pool.loop.set(pool.timer, deadline: EventLoop.monotonicTime() + UInt64(milliseconds) * 1_000_000)
        }
        return 0
    }

    /// libcurl opened a connection. Whatever had its number before is gone.
    private static let onOpen: curl_sockopt_callback = { context, socket, _ in
        if let pool = unsafe pool(context) {
            pool.sockets[socket]?.forget(on: pool.loop)
            pool.sockets[socket] = SocketWatch(socket: socket, pool: pool, isConnection: true)
        }
        return Int32(CURL_SOCKOPT_OK)
    }

    /// libcurl closes a connection.
    private static let onClose: fr_close_socket_callback = { context, socket in
        if let pool = unsafe pool(context), let watch = pool.sockets.removeValue(forKey: socket) {
            watch.forget(on: pool.loop)
        }
        return close(socket)
    }
}
