internal import CCurl
internal import EventLoop
internal import Glibc

/// One of libcurl's multi handles: calls that run at once on one loop, and their connections.
///
/// libcurl says which sockets and times it waits for, the loop reports them, and nothing is ever polled.
/// See https://curl.se/libcurl/c/curl_multi_socket_action.html. For the loop's thread.
@safe final class MultiHandle: @unchecked Sendable {
    // @unchecked: used on the loop's thread only, but for making it.

    let loop: EventLoop
    private let pointer: UnsafeMutableRawPointer
    private var sockets: [Int32: SocketWatch] = [:]
    /// Connections by this side's port, which is all that libcurl tells of a call's; two to different hosts may have the same.
    private var ports: [Int32: [Int32]] = [:]
    /// Connections that are not among them yet: before they are made they have no port.
    private var unnamed: Set<Int32> = []
    private var running: [ObjectIdentifier: Transfer] = [:]
    private lazy var timer = LoopTimer { [weak self] in self?.timeIsUp() }

    /// Nil when libcurl has no memory for another one. `curl_multi_init`
    init?(loop: EventLoop, limits: TransferPool.Limits) {
        guard let pointer = unsafe curl_multi_init() else { return nil }
        self.loop = loop
        unsafe self.pointer = pointer
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe fr_multi_set_socket_callback(pointer, Self.onSocket)
        unsafe fr_multi_set_pointer(pointer, CURLMOPT_SOCKETDATA, context)
        unsafe fr_multi_set_timer_callback(pointer, Self.onTimer)
        unsafe fr_multi_set_pointer(pointer, CURLMOPT_TIMERDATA, context)
        unsafe fr_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        unsafe fr_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, limits.keptConnections)
        unsafe fr_multi_set_long(pointer, CURLMOPT_MAX_CONCURRENT_STREAMS, limits.streamsPerConnection)
    }

    deinit {
        // Closes the idle connections, and with each calls `onClose`.
        unsafe curl_multi_cleanup(pointer)
    }

    // MARK: For transfers

    /// Sets the options that concern the handle. The callback is remembered by each connection that the call opens.
    func prepare(_ easy: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe fr_easy_set_socket_option(easy, Self.onOpen)
        unsafe fr_easy_set_pointer(easy, CURLOPT_SOCKOPTDATA, context)
        unsafe fr_easy_set_close_socket(easy, Self.onClose)
        unsafe fr_easy_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, context)
    }

    /// Hands a call to libcurl.
    ///
    /// Its first step is due at once, and libcurl sets the timer to say so. It is not taken here: of requests that arrive
    /// together all make their call before the timer goes off, and then libcurl goes through its code for all of them one
    /// after the other, while the processor still has it at hand. That saves more than a quarter of a chat's time under load.
    ///
    /// - Returns: false when libcurl refuses it.
    func add(_ transfer: Transfer, _ handle: EasyHandle) -> Bool {
        running[ObjectIdentifier(transfer)] = transfer
        return unsafe curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK
    }

    /// Takes a call away from libcurl, whatever its state.
    ///
    /// - Parameter isGivenUp: the request is out on a connection that may be shared, its answer has not ended, and the
    ///   upstream is to learn at once that nobody waits for it.
    func remove(_ transfer: Transfer, _ handle: EasyHandle, isGivenUp: Bool) {
        unsafe curl_multi_remove_handle(pointer, handle.pointer)
        running[ObjectIdentifier(transfer)] = nil
        if isGivenUp { sendReset(port: transfer.localPort) }
    }

    /// Whether another call runs on the connection with this port on this side.
    func isInUse(port: Int32, besides transfer: Transfer) -> Bool {
        running.values.contains { $0.localPort == port && $0 !== transfer }
    }

    /// Whether something waits to be read on the connection with this port, or it has ended. `recv`
    func hasUnread(port: Int32) -> Bool {
        connections(port: port).contains { socket in
            var byte: UInt8 = 0
            return unsafe recv(socket, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) >= 0 || errno != EAGAIN
        }
    }

    /// The connections with a port on this side: mostly one.
    private func connections(port: Int32) -> [Int32] {
        for socket in unnamed {
            guard let named = sockets[socket]?.localPort, named != 0 else { continue }
            ports[named, default: []].append(socket)
            unnamed.remove(socket)
        }
        return ports[port] ?? []
    }

    /// libcurl 7.88 keeps the frame that resets an HTTP/2 stream in a buffer until it sends something else on the
    /// connection (`send_callback` in its http2.c). Another call on the connection is made to; without any, the
    /// connection is ended, which says the same.
    ///
    /// An HTTP/1 connection is closed already, and its watch gone.
    private func sendReset(port: Int32) {
        // It is about to be sent on another connection.
        guard port != 0 else { return }
        let others = running.values.filter { $0.localPort == port }
        if let other = others.first(where: \.isReading) ?? others.first { return other.flushConnection() }
        let sockets = connections(port: port)
        // Of two it cannot be told which one it is; then the frame goes with the next call.
        if sockets.count == 1 { shutdown(sockets[0], Int32(SHUT_RDWR)) }
    }

    // MARK: Events

    private func timeIsUp() {
        var running: Int32 = 0
        unsafe curl_multi_socket_action(pointer, curl_socket_t(-1), 0, &running)
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
        unsafe curl_multi_socket_action(pointer, socket, mask, &running)
        finishTransfers()
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let code = unsafe message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            unsafe fr_easy_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context)
            guard let context = unsafe context else { continue }
            unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().completed(code)
        }
    }

    private static func handle(_ context: UnsafeMutableRawPointer?) -> MultiHandle? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<MultiHandle>.fromOpaque(context).takeUnretainedValue()
    }

    /// libcurl wants to hear about a socket, or no longer.
    private static let onSocket: curl_socket_callback = { _, socket, what, context, _ in
        unsafe handle(context)?.watch(socket, what)
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
            watch = SocketWatch(socket: socket, multi: self, isConnection: false)
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
        guard let multi = unsafe handle(context) else { return 0 }
        switch milliseconds {
        case ..<0: multi.loop.cancel(multi.timer)
        case 0: multi.loop.set(multi.timer, deadline: multi.loop.now)
        default:
            multi.loop.set(
                multi.timer, deadline: EventLoop.monotonicTime() + UInt64(milliseconds) * 1_000_000)
        }
        return 0
    }

    /// libcurl opened a connection. Whatever had its number before is gone.
    private static let onOpen: curl_sockopt_callback = { context, socket, _ in
        if let multi = unsafe handle(context) {
            multi.forget(socket)
            multi.sockets[socket] = SocketWatch(socket: socket, multi: multi, isConnection: true)
            multi.unnamed.insert(socket)
        }
        return Int32(CURL_SOCKOPT_OK)
    }

    /// libcurl closes a connection.
    private static let onClose: fr_close_socket_callback = { context, socket in
        unsafe handle(context)?.forget(socket)
        return close(socket)
    }

    private func forget(_ socket: Int32) {
        guard let watch = sockets.removeValue(forKey: socket) else { return }
        watch.forget(on: loop)
        guard watch.isConnection, unnamed.remove(socket) == nil else { return }
        let port = watch.localPort
        let others = ports[port]?.filter { $0 != socket } ?? []
        ports[port] = others.isEmpty ? nil : others
    }
}
