import Dialects

/// A configured vendor and its lists of models, one for each kind.
///
/// Nothing is fetched for a kind before somebody asks for it: who only chats causes one fetch.
final class Vendor: Sendable {
    /// Where its calls go.
    let upstream: Upstream
    /// Its chat models, which every chat asks for.
    let chat: ModelCatalogue
    private let others: [ModelEntry.Kind: ModelCatalogue]
    private let clock: any RelayClock

    /// A vendor whose lists hold what is built in, or what a predecessor at the same vendor knew.
    init(
        _ settings: Configuration.Provider, models: Configuration.Models, ports: Ports,
        succeeding predecessor: Vendor? = nil
    ) {
        let upstream = Upstream(settings)
        func catalogue(_ kind: ModelEntry.Kind) -> ModelCatalogue {
            ModelCatalogue(
                upstream, kind: kind, models: models, ports: ports,
                succeeding: predecessor?.catalogue(of: kind))
        }
        self.upstream = upstream
        chat = catalogue(.chat)
        var others: [ModelEntry.Kind: ModelCatalogue] = [:]
        for kind in ModelEntry.Kind.allCases where kind != .chat { others[kind] = catalogue(kind) }
        self.others = others
        clock = ports.clock
    }

    /// The list of a kind.
    func catalogue(of kind: ModelEntry.Kind) -> ModelCatalogue {
        // Every kind has one; the chat models would only make a name unknown.
        kind == .chat ? chat : others[kind] ?? chat
    }

    /// All lists, that of the chat models first.
    var catalogues: [ModelCatalogue] { ModelEntry.Kind.allCases.map(catalogue(of:)) }

    /// The moment until which something may be waited for.
    func deadline(in wait: Duration) -> Instant { clock.now() + wait }

    /// Whether a vendor made of these settings would be no other than this one.
    func serves(_ settings: Configuration.Provider, _ models: Configuration.Models) -> Bool {
        chat.serves(settings, models)
    }
}
