internal import CFastCGI
internal import EventLoop
internal import Glibc

/// One `FCGX_Request` on one connection. The library keeps its address, so it has an allocation of its own.
///
/// Used by one thread at a time: the connection's loop, or a pool thread for as long as it reads a body.
@safe final class RequestSlot: @unchecked Sendable {
    // @unchecked: see above; `Connection` hands it over and back by way of locked queues.

    private let request: UnsafeMutablePointer<FCGX_Request>
    private var refusesReuse = false

    /// Initialises libfcgi, once per process, before any other use. `FCGX_Init`
    static let isLibraryReady: Bool = FCGX_Init() == 0

    /// Makes a slot for a connection, which stays the caller's.
    init(connection: Int32) {
        unsafe request = .allocate(capacity: 1)
        // −1: there is no listening socket, the library never accepts by itself.
        unsafe FCGX_InitRequest(request, -1, 0)
        unsafe request.pointee.ipcFd = connection
    }

    deinit {
        unsafe FCGX_Free(request, 0)
        unsafe request.deallocate()
    }

    /// Reads a request's parameters, which must have arrived already, or this blocks. `FCGX_Accept_r`
    ///
    /// - Returns: false when it was not a request; the library has closed the connection then.
    func readParameters() -> Bool {
        // Without this the library would close the connection as the end of an earlier request; the request's own
        // flag replaces it while reading.
        unsafe request.pointee.keepConnection = 1
        // Without this it would close a bad connection gracefully: poll for up to two seconds.
        unsafe request.pointee.detached = 1
        guard unsafe FCGX_Accept_r(request) == 0 else { return false }
        // Nothing is written to the error stream: closed at once, its buffer does not wait for the end of the answer.
        unsafe FCGX_FClose(request.pointee.err)
        unsafe FCGX_FreeStream(&request.pointee.err)
        return true
    }

    /// Whether the web server wants to use the connection again.
    var keepsConnection: Bool { unsafe request.pointee.keepConnection != 0 }

    /// Takes the parameters out of the library's memory, which is freed: it would be kept to the end of the answer.
    ///
    /// Each parameter is a block of its own (`PutParam` in fcgiapp.c), and the library frees each again at the end:
    /// nothing, then.
    func takeParameters() -> RequestParameters {
        guard let lines = unsafe request.pointee.envp else { return RequestParameters(roomFor: 0, bytes: 0) }
        unsafe request.pointee.envp = nil
        var count = 0
        var length = 0
        while let line = unsafe lines[count] {
            unsafe length += strlen(line)
            count += 1
        }
        var parameters = RequestParameters(roomFor: count, bytes: length)
        for index in 0..<count {
            guard let line = unsafe lines[index] else { break }
            unsafe parameters.add(UnsafeRawBufferPointer(start: line, count: strlen(line)))
            unsafe free(line)
            unsafe lines[index] = nil
        }
        return parameters
    }

    /// Reads a body that has arrived completely. `FCGX_GetStr`
    ///
    /// - Parameter count: its length in bytes, as the scanner counted it.
    func readArrivedBody(count: Int) -> [UInt8] {
        defer { unsafe FCGX_FreeStream(&request.pointee.in) }
        let body = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = unsafe readBytes(into: buffer.baseAddress, count: count)
        }
        // Takes the record that ends the body, or it would stand before the next request.
        unsafe FCGX_GetChar(request.pointee.in)
        return body
    }

    private func readBytes(into start: UnsafeMutablePointer<UInt8>?, count: Int) -> Int {
        guard let start = unsafe start, count > 0 else { return 0 }
        return unsafe start.withMemoryRebound(to: CChar.self, capacity: count) { start in
            Int(unsafe FCGX_GetStr(start, Int32(clamping: count), request.pointee.in))
        }
    }

    /// Reads a body that is still coming, on a thread that may block.
    ///
    /// A body over the limit is read to its end and thrown away: closing a Unix socket with bytes unread would make
    /// the kernel drop the answer too.
    ///
    /// - Parameters:
    ///   - expected: `CONTENT_LENGTH`, used to make room at once, up to 1 MiB ahead of what came.
    ///   - limit: bytes.
    ///   - stall: the longest silence.
    ///   - deadline: when to give up, in nanoseconds of the loop's clock.
    func waitForBody(
        expected: Int?, limit: Int, stall: Duration, deadline: UInt64
    ) -> (body: [UInt8], problem: Request.BodyProblem?) {
        defer { unsafe FCGX_FreeStream(&request.pointee.in) }
        defer { setReceiveTimeout(.zero) }
        var longestWait = Duration.zero

        var body: [UInt8] = []
        body.reserveCapacity(min(expected ?? 0, limit, 1 << 20))
        var isTooLarge = (expected ?? 0) > limit
        // The library waits for one byte, and what came with it can be taken without waiting again.
        while true {
            let now = EventLoop.monotonicTime()
            guard now < deadline else { return ([], .timedOut) }
            let wait = min(stall, .nanoseconds(Int64(clamping: deadline - now)))
            // A call for each read only near the end: a stall is allowed again and again until then.
            if wait != longestWait {
                setReceiveTimeout(wait)
                longestWait = wait
            }
            let byte = unsafe FCGX_GetChar(request.pointee.in)
            guard byte >= 0, let stream = unsafe request.pointee.in else { break }
            let arrived = unsafe UnsafeRawBufferPointer(
                start: stream.pointee.rdNext, count: stream.pointee.stop - stream.pointee.rdNext)
            if !isTooLarge, body.count + 1 + arrived.count > limit {
                isTooLarge = true
                body = []
            }
            if !isTooLarge {
                body.append(UInt8(truncatingIfNeeded: byte))
                unsafe body.append(contentsOf: arrived)
            }
            unsafe stream.pointee.rdNext += arrived.count
        }
        switch unsafe FCGX_GetError(request.pointee.in) {
        case 0: return isTooLarge ? ([], .tooLarge(limit: limit)) : (body, nil)
        case EAGAIN: return ([], .timedOut)
        default: return ([], .brokenOff)
        }
    }

    /// Sets how long a read waits; zero for as long as it takes. `SO_RCVTIMEO`
    private func setReceiveTimeout(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // Not rounded down to zero, which would mean no limit.
        let microseconds = duration == .zero ? 0 : max(1, Int(attoseconds / 1_000_000_000_000))
        var time = timeval(tv_sec: Int(seconds), tv_usec: microseconds)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(request.pointee.ipcFd, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    }

    // MARK: Writing

    /// Puts bytes into the library's buffer, which it sends on when 8 KiB are full. `FCGX_PutStr`
    func put(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let out = unsafe request.pointee.out else { return }
            unsafe FCGX_PutStr(start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), out)
        }
    }

    /// Sends what is in the buffer. `FCGX_FFlush`
    ///
    /// - Returns: false when the connection is broken.
    func flush() -> Bool {
        guard let out = unsafe request.pointee.out else { return false }
        return unsafe FCGX_FFlush(out) == 0 && FCGX_GetError(out) == 0
    }

    /// Sends what is in the buffer together with the end of the answer, in one write, and frees the streams.
    ///
    /// nginx closes a kept connection when the end of the request does not come with the end of the output.
    /// `FCGX_FClose`
    ///
    /// - Returns: false when the connection is broken.
    func finish() -> Bool {
        let isSent =
            refusesReuse && keepsConnection ? finishForGood() : unsafe FCGX_FClose(request.pointee.out) == 0
        release()
        return isSent
    }

    /// Tells the web server with the end of the answer not to use the connection again.
    ///
    /// Closing it says so too late: nginx may have sent the next request already, and fails a POST then. The protocol
    /// has no word for it, but nginx keeps no connection on which something follows the end of the request
    /// (`ngx_http_fastcgi_non_buffered_filter`), and one that follows in the same write it cannot miss.
    func refuseReuse() {
        refusesReuse = true
    }

    /// A record that says nothing. https://fastcgi-archives.github.io/FastCGI_Specification.html#S4.2
    private static let unknownType: [UInt8] = [1, 11, 0, 0, 0, 8, 0, 0] + [UInt8](repeating: 0, count: 8)

    /// Sends the end with a record behind it; the library would send the record by itself, so it writes to a pipe.
    private func finishForGood() -> Bool {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return unsafe FCGX_FClose(request.pointee.out) == 0 }
        let connection = unsafe request.pointee.ipcFd
        unsafe request.pointee.ipcFd = ends[1]
        let isWritten = unsafe FCGX_FClose(request.pointee.out) == 0
        unsafe request.pointee.ipcFd = connection
        close(ends[1])
        defer { close(ends[0]) }
        // The library's buffer has 8 KiB and the pipe 64, so nothing waits here.
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe read(ends[0], &bytes, bytes.count)
        guard isWritten, count > 0 else { return false }
        bytes.removeSubrange(count...)
        bytes += Self.unknownType
        return unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// Frees streams and parameters; the connection stays. `FCGX_Free`
    func release() {
        unsafe FCGX_Free(request, 0)
        unsafe request.pointee.envp = nil
    }

    /// Whether the library still has the connection: false after it closed a bad one.
    var hasConnection: Bool { unsafe request.pointee.ipcFd >= 0 }
}
