/// What carries an exchange to its end where that takes more than one step: a chat, media, or a probe that waits.
protocol ExchangeRun: AnyObject {
    /// Carries it to the end of its answer. No call outlives that.
    ///
    /// - Throws: what the client has not been told yet.
    func run() async throws(ExchangeStop)
}
