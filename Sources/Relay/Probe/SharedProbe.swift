import Dialects

/// A probe with its place in this process, which also takes one of those that all processes of an installation have
/// together.
///
/// Under mod_fcgid and CGI a process answers one request at a time, so a count within the process bounds nothing there.
/// Processes that share no store (`cacheDirectory`) cannot know of each other, and are not bounded either.
final class SharedProbe: ExchangeRun {
    private let probe: any ExchangeRun
    /// Held for as long as the probe is.
    private let pass: ProbeGate.Pass
    private let store: any CatalogueStore

    /// How many may run at once. A whole check of a deployment runs four.
    static let places = 8

    /// Nothing but `pass` is taken yet.
    init(_ probe: any ExchangeRun, _ pass: ProbeGate.Pass, in store: any CatalogueStore) {
        self.probe = probe
        self.pass = pass
        self.store = store
    }

    func run() async throws(ExchangeStop) {
        guard let place = await place() else { throw .failure(ProbeGate.isFull) }
        do throws(ExchangeStop) {
            try await probe.run()
        } catch {
            await store.release(place)
            throw error
        }
        await store.release(place)
    }

    private func place() async -> String? {
        for number in 0..<Self.places {
            let name = "probe-\(number)"
            if await store.claim(name) { return name }
        }
        return nil
    }
}
