internal import CGI
internal import Glibc

/// The one request of a connection.
///
/// Used by one thread at a time: the connection's loop, or a pool thread for as long as it reads a body.
final class SCGISlot: RequestSlot, @unchecked Sendable {
    // @unchecked: see above; the connection hands it over and back by way of locked queues.

    private let connection: Int32
    /// As the last scan saw them.
    private var headers: HeaderScanner.Headers?

    /// What is read at once of a body that is still coming, in bytes.
    private static let pieceBytes = 64 * 1024

    init(connection: Int32) {
        self.connection = connection
    }

    func scan(_ bytes: Span<UInt8>) -> RequestScan {
        switch HeaderScanner.scan(bytes) {
        case .needsMore: return .needsMore
        case .isMalformed: return .isMalformed
        case .isComplete(let headers):
            self.headers = headers
            let arrived = bytes.count - headers.end
            // A web server that sends more than it announced has another idea of where its request ends.
            if arrived > headers.bodyBytes { return .isMalformed }
            return arrived == headers.bodyBytes ? .isComplete(bodyBytes: arrived) : .hasParameters
        }
    }

    // MARK: Reading

    func readParameters() -> RequestParameters? {
        guard let headers else { return nil }
        let bytes = receive(headers.end)
        guard bytes.count == headers.end else { return nil }
        var parameters = RequestParameters(in: bytes, roomFor: headers.count)
        var start = headers.block.lowerBound
        let span = bytes.span
        while let header = HeaderScanner.header(in: span, from: start, to: headers.block.upperBound) {
            parameters.add(start..<header.end, nameCount: header.separator - start)
            start = header.end + 1
        }
        return parameters
    }

    func readArrivedBody(count: Int) -> [UInt8] {
        count == 0 ? [] : receive(count)
    }

    /// Takes bytes that have arrived; fewer when that was not so after all. `recv`
    private func receive(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // In one go as a rule; a second one only for what the kernel keeps in pieces.
            while initialized < count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[initialized...])
                let received = unsafe recv(connection, rest.baseAddress, rest.count, Int32(MSG_DONTWAIT))
                if received < 0, errno == EINTR { continue }
                guard received > 0 else { return }
                initialized += received
            }
        }
    }

    func waitForBody(_ body: consuming LateBody) -> ArrivingBody.Result {
        var missing = headers?.bodyBytes ?? 0
        var piece = [UInt8](repeating: 0, count: min(missing, Self.pieceBytes))
        while missing > 0 {
            guard body.mayWait() else { return body.ended(.timedOut) }
            let received = unsafe recv(connection, &piece, min(missing, piece.count), 0)
            if received > 0 {
                body.append(piece.span.extracting(first: received))
                missing -= received
            } else if received == 0 {
                return body.ended(.brokenOff)
            } else if errno != EINTR {
                return body.ended(errno == EAGAIN ? .timedOut : .brokenOff)
            }
        }
        return body.ended(.complete)
    }

    // MARK: Writing

    /// Sends bytes as they are: an answer is CGI output and nothing else. `send`
    func write(_ bytes: ArraySlice<UInt8>, isEnd: Bool) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { bytes in
                unsafe send(connection, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    func refuseReuse() {}

    /// Closing the connection is what tells it, by the `Content-Length`.
    func breakOff() {}

    func release() {}

    /// The end of the connection is the end of the answer.
    var keepsConnection: Bool { false }

    var hasConnection: Bool { true }
}
