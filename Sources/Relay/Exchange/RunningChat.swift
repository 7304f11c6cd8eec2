/// A chat whose upstream calls run, or a probe that takes time as a chat does.
protocol RunningChat: AnyObject {
    /// Carries it to the end of its answer. No call outlives that.
    ///
    /// - Throws: what the client has not been told yet.
    func run() async throws(ExchangeStop)
}
