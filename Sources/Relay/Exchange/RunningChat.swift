/// A chat whose upstream calls run.
protocol RunningChat: AnyObject {
    /// Carries it to the end of its answer. No call outlives that.
    ///
    /// - Throws: what the client has not been told yet.
    func run() async throws(ExchangeStop)
}
