import Dialects

/// Finds the vendor and the model that a name means.
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

    /// What an unknown name may wait for the very first list of models.
    static let longestWait = Duration.seconds(2)
    /// The end of a name that switches web search on.
    static let onlineSuffix = ":online"
    /// How many names an error suggests.
    static let suggestionCount = 3

    private let settings: Configuration.Models
    private let foldedAliases: [String: String]
    private let vendors: [(upstream: Upstream, catalogue: ModelCatalogue)]

    /// A router over vendors in the order in which they are asked.
    init(_ settings: Configuration.Models, vendors: [(upstream: Upstream, catalogue: ModelCatalogue)]) {
        self.settings = settings
        self.vendors = vendors
        var folded: [String: String] = [:]
        for (alias, target) in settings.aliases.sorted(by: { $0.key < $1.key }) {
            folded[ModelNameForms.folded(alias)] = target
        }
        foldedAliases = folded
    }

    /// The vendor of this name that a successor may go on with.
    func vendor(named name: String) -> (upstream: Upstream, catalogue: ModelCatalogue)? {
        vendors.first { $0.upstream.name == name }
    }

    /// Lets go of the lists of models that a successor did not take over.
    func retire(inFavourOf successor: ModelRouter) {
        for vendor in vendors where !successor.vendors.contains(where: { $0.catalogue === vendor.catalogue })
        {
            vendor.catalogue.retire()
        }
    }

    /// Begins with the lists that other processes stored.
    func prepare() async {
        for vendor in vendors { await vendor.catalogue.prepare() }
    }

    /// Keeps the lists of models fresh until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for vendor in vendors {
                group.addTask { await vendor.catalogue.run() }
            }
        }
    }

    /// The model that a request's name means.
    ///
    /// An empty name means the default model. A name that no list has is looked for again after the first list came, if
    /// none came yet; when the vendor's list could not be had at all, the name is passed on as it is, since the built-in
    /// list may be older than the model. `:online` is cut only off a name that is not itself known.
    ///
    /// - Throws: `modelNotFound` with the nearest names, or `invalidRequest` when there is no default.
    func route(_ requested: String) async throws(Failure) -> Route {
        let name = try filledIn(requested)
        if let route = try knownRoute(name) { return route }
        var isConfirmed = true
        for vendor in vendors {
            let snapshot = await vendor.catalogue.current(awaitingFirstFor: Self.longestWait)
            isConfirmed = isConfirmed && snapshot.isConfirmed
        }
        if let route = try knownRoute(name) { return route }
        guard !isConfirmed, let route = unconfirmed(name) else { throw notFound(name) }
        return try permit(route, requested: name)
    }

    /// The model that a request's name means by the lists there are; nil when none of them has it.
    ///
    /// - Throws: as `route` does.
    func knownRoute(_ requested: String) throws(Failure) -> Route? {
        let name = try filledIn(requested)
        guard let route = find(name) else { return nil }
        return try permit(route, requested: name)
    }

    private func filledIn(_ requested: String) throws(Failure) -> String {
        if !requested.isEmpty { return requested }
        if let standard = settings.defaultModel ?? settings.permitted.first { return standard }
        throw Failure(
            .invalidRequest, "Missing required parameter: 'model'.", parameter: "model",
            code: "missing_required_parameter")
    }

    /// The models that `/v1/models` shows: the permitted ones, each once.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func listing() async -> [ModelEntry] {
        var entries: [ModelEntry] = []
        var seen: Set<String> = []
        for vendor in vendors {
            let list = await vendor.catalogue.current(awaitingFirstFor: Self.longestWait).list
            for entry in list.entries where list.permitted?.contains(entry.id) ?? true {
                if seen.insert(entry.id).inserted { entries.append(entry) }
            }
        }
        return entries
    }

    /// The entry that a name means, for `/v1/models/{id}`.
    ///
    /// - Throws: `modelNotFound` with the nearest names.
    func entry(_ name: String) async throws(Failure) -> ModelEntry {
        for vendor in vendors {
            let list = await vendor.catalogue.current(awaitingFirstFor: Self.longestWait).list
            let entry = list.find(name) ?? find(name).flatMap { list.exactly($0.model) }
            if let entry, list.permitted?.contains(entry.id) ?? true { return entry }
        }
        throw notFound(name)
    }

    /// Looks in the lists there are, without waiting.
    private func find(_ name: String) -> Route? {
        if !settings.aliases.isEmpty {
            // The operator's word counts more than a list: what an alias stands for need not be in one.
            if let target = alias(name) { return findBelowAlias(target) ?? unconfirmed(target) }
            if let plain = withoutOnline(name), let target = alias(plain) {
                var route = findBelowAlias(target) ?? unconfirmed(target)
                route?.searchesWeb = true
                return route
            }
        }
        return findBelowAlias(name)
    }

    private func alias(_ name: String) -> String? {
        settings.aliases[name] ?? foldedAliases[ModelNameForms.folded(name)]
    }

    private func findBelowAlias(_ name: String) -> Route? {
        if let (vendor, rest) = withoutVendor(name) { return find(rest, in: [vendor]) }
        return find(name, in: vendors)
    }

    private func find(
        _ name: String, in vendors: [(upstream: Upstream, catalogue: ModelCatalogue)]
    ) -> Route? {
        for vendor in vendors {
            let list = vendor.catalogue.current().list
            if let entry = list.exactly(name) { return Route(upstream: vendor.upstream, model: entry.id) }
            if let plain = withoutOnline(name) {
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
    private func unconfirmed(_ name: String) -> Route? {
        let (vendor, rest) = withoutVendor(name) ?? (vendors[0], name)
        let plain = withoutOnline(rest)
        let model = plain ?? rest
        guard !model.isEmpty, model.utf8.count <= ModelList.maximumNameBytes else { return nil }
        return Route(upstream: vendor.upstream, model: model, searchesWeb: plain != nil, isListed: false)
    }

    /// Splits `name:model` where the name is a configured vendor's, in any case.
    private func withoutVendor(
        _ name: String
    ) -> (vendor: (upstream: Upstream, catalogue: ModelCatalogue), rest: String)? {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let prefix = name[..<colon].lowercased()
        guard let vendor = vendors.first(where: { $0.upstream.name == prefix }) else { return nil }
        return (vendor, String(name[name.index(after: colon)...]))
    }

    private func withoutOnline(_ name: String) -> String? {
        name.hasSuffix(Self.onlineSuffix) ? String(name.dropLast(Self.onlineSuffix.count)) : nil
    }

    private func permit(_ route: Route, requested: String) throws(Failure) -> Route {
        guard settings.permitOnly else { return route }
        let isPermitted = vendors.contains { vendor in
            vendor.upstream === route.upstream
                && vendor.catalogue.current().list.permitted?.contains(route.model) ?? true
        }
        guard isPermitted else { throw notFound(requested) }
        return route
    }

    private func notFound(_ name: String) -> Failure {
        var names: [String] = []
        for vendor in vendors where names.count < Self.suggestionCount {
            let list = vendor.catalogue.current().list
            for near in list.nearest(
                to: withoutOnline(name) ?? name, count: Self.suggestionCount - names.count)
            where !names.contains(near) {
                names.append(near)
            }
        }
        let quoted = names.map { "`\($0)`" }.joined(separator: ", ")
        return Failure(
            .modelNotFound,
            "The model `\(Self.shown(name))` does not exist or you do not have access to it."
                + (names.isEmpty ? "" : " Did you mean \(quoted)?"),
            parameter: "model")
    }

    /// A name as an error repeats it: cut at 100 characters.
    private static func shown(_ name: String) -> String {
        name.count <= 100 ? name : name.prefix(100) + "…"
    }
}
