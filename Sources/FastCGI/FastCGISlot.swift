internal import CFastCGI
internal import CGI
internal import Glibc

/// One `FCGX_Request` on one connection. The library keeps its address, so it has an allocation of its own.
///
/// Used by one thread at a time: the connection's loop, or a pool thread for as long as it reads a body.
@safe final class FastCGISlot: RequestSlot, @unchecked Sendable {
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

    /// Walks over the records that have arrived.
    func scan(_ bytes: Span<UInt8>) -> RequestScan {
        RecordScanner.scan(bytes)
    }

    /// Reads a request's parameters, which must have arrived already, or this blocks. `FCGX_Accept_r`
    ///
    /// - Returns: nil when it was not a request; the library has closed the connection then.
    func readParameters() -> RequestParameters? {
        // Without this the library would close the connection as the end of an earlier request; the request's own
        // flag replaces it while reading.
        unsafe request.pointee.keepConnection = 1
        // Without this it would close a bad connection gracefully: poll for up to two seconds.
        unsafe request.pointee.detached = 1
        guard unsafe FCGX_Accept_r(request) == 0 else { return nil }
        // Nothing is written to the error stream: closed at once, its buffer does not wait for the end of the answer.
        unsafe FCGX_FClose(request.pointee.err)
        unsafe FCGX_FreeStream(&request.pointee.err)
        return takeParameters()
    }

    /// Whether the web server wants to use the connection again.
    var keepsConnection: Bool { unsafe request.pointee.keepConnection != 0 }

    /// Takes the parameters out of the library's memory, which is freed: it would be kept to the end of the answer.
    ///
    /// Each parameter is a block of its own (`PutParam` in fcgiapp.c), and the library frees each again at the end:
    /// nothing, then.
    private func takeParameters() -> RequestParameters {
        guard let lines = unsafe request.pointee.envp else { return RequestParameters(roomFor: 0, bytes: 0) }
        unsafe request.pointee.envp = nil
        var parameters = RequestParameters(roomFor: Self.usualParameters, bytes: Self.usualParameterBytes)
        var index = 0
        while let line = unsafe lines[index] {
            unsafe Self.add(line, to: &parameters)
            unsafe free(line)
            unsafe lines[index] = nil
            index += 1
        }
        return parameters
    }

    /// Room that is made for parameters at once.
    private static let (usualParameters, usualParameterBytes) = (32, 960)

    /// Adds `NAME=value`. A line without an equals sign is none.
    private static func add(_ line: UnsafeMutablePointer<CChar>, to parameters: inout RequestParameters) {
        guard let equals = unsafe strchr(line, Int32(UInt8(ascii: "="))) else { return }
        let count = unsafe (equals - line) + strlen(equals)
        unsafe line.withMemoryRebound(to: UInt8.self, capacity: count) { start in
            let variable = unsafe UnsafeBufferPointer(start: start, count: count)
            unsafe parameters.add(variable.span, nameCount: equals - line)
        }
    }

    /// Reads a body that has arrived completely. `FCGX_GetStr`
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

    func waitForBody(_ body: consuming LateBody) -> ArrivingBody.Result {
        defer { unsafe FCGX_FreeStream(&request.pointee.in) }
        // The library waits for one byte, and what came with it can be taken without waiting again.
        while true {
            guard body.mayWait() else { return body.ended(.timedOut) }
            guard unsafe FCGX_GetChar(request.pointee.in) >= 0, let stream = unsafe request.pointee.in else {
                break
            }
            // The byte stands before what is left in the library's buffer, which is of unsigned bytes.
            let arrived = unsafe UnsafeBufferPointer(
                start: stream.pointee.rdNext - 1, count: stream.pointee.stop - stream.pointee.rdNext + 1)
            unsafe body.append(arrived.span)
            unsafe stream.pointee.rdNext = stream.pointee.stop
        }
        switch unsafe FCGX_GetError(request.pointee.in) {
        case 0: return body.ended(.complete)
        case EAGAIN: return body.ended(.timedOut)
        default: return body.ended(.brokenOff)
        }
    }

    // MARK: Writing

    /// Puts bytes into the library's buffer, which it sends on when 8 KiB are full, and sends the rest. `FCGX_PutStr`
    func write(_ bytes: ArraySlice<UInt8>, isEnd: Bool) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let out = unsafe request.pointee.out else { return }
            unsafe FCGX_PutStr(start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), out)
        }
        return isEnd ? finish() : flush()
    }

    /// Sends what is in the buffer. `FCGX_FFlush`
    private func flush() -> Bool {
        guard let out = unsafe request.pointee.out else { return false }
        return unsafe FCGX_FFlush(out) == 0 && FCGX_GetError(out) == 0
    }

    /// Sends what is in the buffer together with the end of the answer, in one write, and frees the streams.
    ///
    /// nginx closes a kept connection when the end of the request does not come with the end of the output.
    /// `FCGX_FClose`
    private func finish() -> Bool {
        let isSent =
            refusesReuse && keepsConnection ? finishForGood() : unsafe FCGX_FClose(request.pointee.out) == 0
        release()
        return isSent
    }

    /// Marks the end of the answer so that nginx does not use the connection again.
    ///
    /// The protocol has no word for it, but nginx keeps no connection on which something follows the end of the request
    /// (`ngx_http_fastcgi_non_buffered_filter`), and one that follows in the same write it cannot miss.
    func refuseReuse() {
        refusesReuse = true
    }

    /// Sends a record that is none.
    ///
    /// Without buffering nginx takes a closed connection for the end of an answer, whatever its `Content-Length`: the
    /// client would wait for the rest, or take what there is for all. A record of no known version it cannot miss
    /// (`ngx_http_fastcgi_process_record`), and it then closes the client's connection. Not waited for: 8 bytes fit.
    func breakOff() {
        let record = [UInt8](repeating: 0, count: 8)
        _ = unsafe send(request.pointee.ipcFd, record, record.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
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
