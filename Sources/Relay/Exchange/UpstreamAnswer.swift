import Dialects
import Wire

/// A whole answer of an upstream: status, header fields and body.
struct UpstreamAnswer: Sendable {
    /// The HTTP status.
    var status: Int
    /// The header fields, names in lower case.
    var headers: HeaderFields
    /// The body; the transport keeps it within the request's limit.
    var body: [UInt8]

    /// Whether the status is 2xx.
    var isSuccess: Bool { (200..<300).contains(status) }

    /// Reads a call to its end.
    ///
    /// - Throws: a `Failure` when there is no complete answer; an answer with an error status is none.
    static func collect(_ call: any UpstreamCall, from upstream: Upstream) async throws(Failure)
        -> UpstreamAnswer
    {
        var answer = UpstreamAnswer(status: 0, headers: HeaderFields(), body: [])
        while true {
            switch try await call.nextOrFail(silence: nil, from: upstream) {
            case .head(let status, let headers):
                answer.status = status
                answer.headers = headers
            case .bytes(let bytes):
                if answer.body.isEmpty { answer.body = bytes } else { answer.body += bytes }
            case .silence: break
            case .end: return answer
            }
        }
    }

    /// Reads the body of an answer with an error status, as far as it is worth reading.
    ///
    /// What is wrong is known already, so trouble on the way only makes the body shorter.
    static func errorBody(_ call: any UpstreamCall) async -> [UInt8] {
        var body: [UInt8] = []
        while body.count < OneMinErrorDecoder.maximumBodyBytes {
            guard case .bytes(let bytes)? = try? await call.next(silence: nil) else { break }
            body += bytes
        }
        return body
    }
}

extension UpstreamCall {
    /// As `next`, with the error in the words of a client.
    func nextOrFail(silence: Duration?, from upstream: Upstream) async throws(Failure) -> UpstreamEvent {
        do throws(UpstreamError) {
            return try await next(silence: silence)
        } catch {
            throw Failure(error, from: upstream.name)
        }
    }
}

extension Failure {
    /// What a client is told of an upstream call that ended without an answer.
    init(_ error: UpstreamError, from upstream: String) {
        switch error.kind {
        case .unreachable, .tls:
            self.init(.upstreamUnreachable, "\(upstream) cannot be reached: \(error.message)")
        case .timedOut(let phase):
            self.init(
                .upstreamTimedOut(phase.inFailure), "\(upstream) did not answer in time (\(phase.rawValue)).")
        case .cut:
            self.init(.upstreamFailed, "\(upstream) broke off its answer: \(error.message)")
        case .tooLarge:
            self.init(.upstreamFailed, "\(upstream) sent an answer that is too large.")
        case .shuttingDown:
            self.init(.shuttingDown, "The relay is about to stop. Please try again.")
        case .cancelled:
            self.init(.internalError, "The call was given up.")
        case .failed:
            self.init(.internalError, "The call to \(upstream) could not be made: \(error.message)")
        }
    }
}

extension Timeouts.Phase {
    /// The same phase in the words of module Dialects.
    var inFailure: Failure.TimeoutPhase {
        switch self {
        case .connect: .connect
        case .firstByte: .firstByte
        case .firstEvent: .firstEvent
        case .idle: .idle
        case .total: .total
        }
    }
}
