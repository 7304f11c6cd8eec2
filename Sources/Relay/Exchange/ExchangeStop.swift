import Dialects

/// Why an exchange ends before its answer is complete.
enum ExchangeStop: Error {
    /// Nobody is there any more to whom it could be told.
    case clientGone
    /// The client is to be told.
    indirect case failure(Failure)

    /// What an error of an upstream call means: one that was cancelled together with its task means that the client left.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) init(_ error: UpstreamError, from upstream: Upstream) {
        if error.kind == .cancelled, Task.isCancelled {
            self = .clientGone
        } else {
            self = .failure(Failure(error, from: upstream.name))
        }
    }
}

/// Does something whose failure the client is told.
func stopping<Value>(_ work: () async throws(Failure) -> Value) async throws(ExchangeStop) -> Value {
    do throws(Failure) {
        return try await work()
    } catch {
        throw .failure(error)
    }
}
