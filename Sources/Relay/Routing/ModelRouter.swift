import Dialects

/// Finds the vendor and the model that a name means.
///
/// A name is looked for among the models of one kind; `:online` is a chat's alone. What is asked for seldom is in
/// `ModelRouter+Kinds.swift`.
struct ModelRouter: Sendable {
    /// A model and where to call it.
    struct Route: Sendable {
        /// The vendor.
        var upstream: Upstream
        /// The identifier to send.
        var model: String
        /// Whether the name ended in `:online`, which switches web search on.
        var searchesWeb = false
        /// Whether a list has the identifier; else it is whatever the client or the operator wrote.
        var isListed = true
    }

    /// What an unknown name may wait for the very first lists of models.
    static let longestWait = Duration.seconds(2)
    /// The end of a name that switches web search on.
    static let onlineSuffix = ":online"
    /// How many names an error suggests.
    static let suggestionCount = 3

    let settings: Configuration.Models
    let vendors: [Vendor]
    private let foldedAliases: [String: String]

    /// A router over vendors in the order in which they are asked.
    init(_ settings: Configuration.Models, vendors: [Vendor]) {
        self.settings = settings
        self.vendors = vendors
        var folded: [String: String] = [:]
        for (alias, target) in settings.aliases.sorted(by: { $0.key < $1.key }) {
            folded[ModelNameForms.folded(alias)] = target
        }
        foldedAliases = folded
    }

    /// The vendor of this name that a successor may go on with.
    func vendor(named name: String) -> Vendor? {
        vendors.first { $0.upstream.name == name }
    }

    /// Lets go of the lists of models that a successor did not take over.
    func retire(inFavourOf successor: ModelRouter) {
        for vendor in vendors where !successor.vendors.contains(where: { $0 === vendor }) {
            for catalogue in vendor.catalogues { catalogue.retire() }
        }
    }

    /// Begins with the lists of chat models that other processes stored; the others are looked for when asked for.
    func prepare() async {
        for vendor in vendors { await vendor.chat.prepare() }
    }

    /// Keeps the lists of models that are asked for fresh until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for catalogue in vendors.flatMap(\.catalogues) {
                group.addTask { await catalogue.run() }
            }
        }
    }

    /// The chat model that a request's name means.
    ///
    /// An empty name means the default model. A name that no list has is looked for again after the first list came, if
    /// none came yet; when the vendor's list could not be had at all, the name is passed on as it is, since the built-in
    /// list may be older than the model. `:online` is cut only off a name that is not itself known.
    ///
    /// - Throws: `modelNotFound` with the nearest names, or `invalidRequest` when there is no default or the model does
    ///   not chat.
    func route(_ requested: String) async throws(Failure) -> Route {
        try await route(requested, for: .chat)
    }

    /// The chat model that a request's name means by the lists there are; nil when none of them has it.
    ///
    /// - Throws: as `route` does.
    func knownRoute(_ requested: String) throws(Failure) -> Route? {
        try knownRoute(requested, for: .chat)
    }

    /// The model of a kind that a request's name means by the lists there are; nil when none of them has it.
    ///
    /// - Throws: as `route` does.
    func knownRoute(_ requested: String, for kind: ModelEntry.Kind) throws(Failure) -> Route? {
        let name = try filledIn(requested, kind)
        guard let route = find(name, kind) else { return nil }
        return try permit(route, kind, requested: name)
    }

    /// Looks in the lists there are, without waiting.
    func find(_ name: String, _ kind: ModelEntry.Kind) -> Route? {
        if !settings.aliases.isEmpty {
            if let target = alias(name) { return findTarget(target, kind) }
            if kind == .chat, let plain = withoutOnline(name), let target = alias(plain) {
                var route = findTarget(target, kind)
                route?.searchesWeb = true
                return route
            }
        }
        return findBelowAlias(name, kind)
    }

    /// What an operator's name for another stands for; nil when it is nobody's.
    func alias(_ name: String) -> String? {
        guard !settings.aliases.isEmpty else { return nil }
        return settings.aliases[name] ?? foldedAliases[ModelNameForms.folded(name)]
    }

    /// The model that an alias stands for.
    ///
    /// The operator's word counts more than a list: what an alias stands for need not be in one. Only if it is known to
    /// be something else than what is asked for it is not taken.
    private func findTarget(_ target: String, _ kind: ModelEntry.Kind) -> Route? {
        if let route = findBelowAlias(target, kind) { return route }
        return kindsBelowAlias(target).isEmpty ? unconfirmed(target, kind) : nil
    }

    private func findBelowAlias(_ name: String, _ kind: ModelEntry.Kind) -> Route? {
        if let (vendor, rest) = withoutVendor(name) { return find(rest, kind, in: [vendor]) }
        return find(name, kind, in: vendors)
    }

    private func find(_ name: String, _ kind: ModelEntry.Kind, in vendors: [Vendor]) -> Route? {
        for vendor in vendors {
            let list = vendor.catalogue(of: kind).current().list
            if let entry = list.exactly(name) { return Route(upstream: vendor.upstream, model: entry.id) }
            if kind == .chat, let plain = withoutOnline(name) {
                if let entry = list.find(plain) {
                    return Route(upstream: vendor.upstream, model: entry.id, searchesWeb: true)
                }
            } else if let entry = list.find(name) {
                return Route(upstream: vendor.upstream, model: entry.id)
            }
        }
        return nil
    }

    /// The name as it is, for the vendor it names or else the first; `nil` for a name that cannot be one.
    func unconfirmed(_ name: String, _ kind: ModelEntry.Kind) -> Route? {
        guard let (vendor, rest) = withoutVendor(name) ?? vendors.first.map({ ($0, name) }) else {
            return nil
        }
        let plain = kind == .chat ? withoutOnline(rest) : nil
        let model = plain ?? rest
        guard !model.isEmpty, model.utf8.count <= ModelList.maximumNameBytes else { return nil }
        return Route(upstream: vendor.upstream, model: model, searchesWeb: plain != nil, isListed: false)
    }

    /// Splits `name:model` where the name is a configured vendor's, in any case.
    func withoutVendor(_ name: String) -> (vendor: Vendor, rest: String)? {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let prefix = name[..<colon].lowercased()
        guard let vendor = vendors.first(where: { $0.upstream.name == prefix }) else { return nil }
        return (vendor, String(name[name.index(after: colon)...]))
    }

    /// The name without `:online`; nil when it does not end so.
    func withoutOnline(_ name: String) -> String? {
        name.hasSuffix(Self.onlineSuffix) ? String(name.dropLast(Self.onlineSuffix.count)) : nil
    }

    /// Passes on what the operator lets clients use.
    ///
    /// - Throws: `modelNotFound` for the rest.
    func permit(_ route: Route, _ kind: ModelEntry.Kind, requested: String) throws(Failure) -> Route {
        guard settings.permitOnly else { return route }
        let isPermitted = vendors.contains { vendor in
            vendor.upstream === route.upstream
                && vendor.catalogue(of: kind).current().list.permitted?.contains(route.model) ?? true
        }
        guard isPermitted else { throw notFound(requested, kind) }
        return route
    }
}
