internal import Curl
internal import EventLoop
internal import Relay
internal import Wire

/// Upstream calls by libcurl: each on the loop of the exchange that makes it, each loop with a pool of its own.
struct CurlTransport: UpstreamTransport {
    private let pools: [TransferPool]

    /// Takes one pool per loop, in the order of the loops' indices.
    init(pools: [TransferPool]) {
        self.pools = pools
    }

    func start(_ request: UpstreamRequest) -> any UpstreamCall {
        guard let loop = EventLoop.current else { return HomelessCall() }
        return CurlCall(pools[loop.index].start(TransferOptions(request)))
    }
}

/// A call of libcurl as the relay sees it.
private final class CurlCall: UpstreamCall {
    private let transfer: Transfer

    init(_ transfer: Transfer) {
        self.transfer = transfer
    }

    deinit {
        transfer.cancel()
    }

    func next(silence: Duration?) async throws(UpstreamError) -> UpstreamEvent {
        do throws(CurlError) {
            switch try await transfer.next(silence: silence) {
            case .head(let status, let lines):
                return .head(status: status, headers: HeaderFields(lines: lines.span))
            case .bytes(let bytes): return .bytes(bytes)
            case .silence: return .silence
            case .end: return .end
            }
        } catch {
            throw UpstreamError(error)
        }
    }

    func cancel() {
        transfer.cancel()
    }
}

/// What a call becomes that nobody started from a loop: exchanges run on loops only, so this answers a bug politely.
private final class HomelessCall: UpstreamCall {
    func next(silence: Duration?) async throws(UpstreamError) -> UpstreamEvent {
        throw UpstreamError(.failed, message: "an upstream call was started outside of an event loop")
    }

    func cancel() {}
}

extension TransferOptions {
    /// Translates the relay's request.
    init(_ request: borrowing UpstreamRequest) {
        self.init(url: request.url)
        method = request.method
        headerLines = request.headers.lines
        body = request.body
        further = BodySource(request.further)
        connect = request.timeouts.connect ?? connect
        firstByte = request.timeouts.firstByte
        idle = request.timeouts.idle
        total = request.timeouts.total
        maximumBodyBytes = request.maximumResponseBytes ?? .max
        let isStream = request.maximumResponseBytes == nil
        if isStream, !request.isDownload { receiveBufferBytes = Self.streamBufferBytes }
        proxy = request.proxy
        if case .publicAddresses(let exceptions) = request.reach {
            mayConnect = { address in
                NetworkBlock.isPublic(address) || exceptions.contains { $0.contains(address) }
            }
        }
        certificateFile = request.certificateFile
        // Not for streams: libcurl grants each HTTP/2 stream a window of 32 MB, and what a stopped reader does not take
        // gathers in its memory as long as other calls share the connection (measured with 7.88: 30 MB for a 30 MB
        // answer). An HTTP/1.1 connection of its own stops at the socket, and is kept for the next stream.
        usesHTTP2 = request.http2 && !isStream && !request.isDownload
    }
}

extension BodySource {
    /// What follows a body, one after the other; nil for nothing.
    init?(_ contents: [FileContent]) {
        guard !contents.isEmpty else { return nil }
        self.init(count: contents.reduce(0) { $0 + $1.count }) { range in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(range.count)
            var start = 0
            for content in contents {
                let part = range.clamped(to: start..<start + content.count)
                if !part.isEmpty {
                    guard let read = try? content.read(part.lowerBound - start..<part.upperBound - start)
                    else { return nil }
                    // Mostly all of it.
                    if part == range { return read }
                    bytes += read
                }
                start += content.count
            }
            return bytes
        }
    }
}

extension UpstreamError {
    /// Translates libcurl's error; its sentences carry no address and no secret.
    init(_ error: CurlError) {
        let kind: Kind =
            switch error.code {
            case .unreachable: .unreachable
            case .tls: .tls
            case .connectTimedOut: .timedOut(.connect)
            case .firstByteTimedOut: .timedOut(.firstByte)
            case .idleTimedOut: .timedOut(.idle)
            case .totalTimedOut: .timedOut(.total)
            case .cut: .cut
            case .tooLarge: .tooLarge
            case .cancelled: .cancelled
            case .forbiddenAddress: .forbiddenAddress
            case .badOptions, .unreadableBody: .failed
            }
        self.init(kind, message: error.message)
    }
}
