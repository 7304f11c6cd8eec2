/// A place for work that would hold a loop for too long, such as decoding a body of several megabytes.
///
/// The real conformer has a few threads of its own and a bounded queue. It may be called from any thread.
public protocol Offload: Sendable {
    /// Runs `work` away from the calling thread and suspends the caller until its result is there.
    ///
    /// The work is synchronous and is not interrupted by cancellation; its result is then thrown away by the caller.
    /// The caller resumes on the executor that it came from.
    /// - Throws: only what `work` throws.
    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value
}

/// The offload that does everything at once on the caller's own thread; right for tests and for tools.
public struct InlineOffload: Offload {
    /// Makes one; it has no state.
    public init() {}

    /// Runs `work` before returning.
    public func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try work()
    }
}
