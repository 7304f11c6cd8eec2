import Dialects
import Wire

/// A whole answer of an upstream: status, header fields and body.
struct UpstreamAnswer: Sendable {
    /// The HTTP status; 0 before the head came.
    var status = 0
    /// The header fields, names in lower case.
    var headers = HeaderFields()
    /// The body; the transport keeps it within the request's limit.
    var body: [UInt8] = []

    /// Whether the status is 2xx.
    var isSuccess: Bool { (200..<300).contains(status) }

    /// Adds a piece of the body; the only one of a short answer is taken over as it is.
    mutating func append(_ bytes: [UInt8]) {
        if body.isEmpty { body = bytes } else { body += bytes }
    }

    /// Reads a call to its end.
    ///
    /// - Throws: a `Failure` when there is no complete answer; an answer with an error status is none.
    static func collect(
        _ call: any UpstreamCall, from upstream: Upstream
    ) async throws(Failure) -> UpstreamAnswer {
        var answer = UpstreamAnswer()
        while true {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                event = try await call.next(silence: nil)
            } catch {
                throw Failure(error, from: upstream.name)
            }
            switch event {
            case .head(let status, let headers):
                answer.status = status
                answer.headers = headers
            case .bytes(let bytes): answer.append(bytes)
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
            guard case .bytes(let bytes)? = try? await call.next(silence: errorBodyPatience) else { break }
            body += bytes
        }
        return body
    }

    /// How long an error's body is waited for once its status is known.
    private static let errorBodyPatience = Duration.seconds(5)
}

extension Failure {
    /// What a client is told of an upstream call that ended without an answer.
    init(_ error: UpstreamError, from upstream: String) {
        switch error.kind {
        case .unreachable, .tls:
            self.init(.upstreamUnreachable, "\(upstream) cannot be reached: \(error.message)")
        case .timedOut(.connect):
            self.init(.upstreamTimedOut(.connect), "\(upstream) cannot be reached in time.")
        case .timedOut(let phase):
            self.init(
                .upstreamTimedOut(phase.inFailure), "\(upstream) did not answer in time (\(phase.rawValue)).")
        case .cut:
            self.init(.upstreamFailed, "\(upstream) broke off its answer: \(error.message)")
        case .forbiddenAddress:
            self.init(.invalidRequest, "\(upstream) is at an address that this relay does not call.")
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
    fileprivate var inFailure: Failure.TimeoutPhase {
        switch self {
        case .connect: .connect
        case .firstByte: .firstByte
        case .firstEvent: .firstEvent
        case .idle: .idle
        case .total: .total
        }
    }
}
