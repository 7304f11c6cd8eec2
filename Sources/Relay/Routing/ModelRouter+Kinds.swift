import Dialects

/// Models of every kind: what is asked for seldom, or by mistake.
extension ModelRouter {
    /// How many models of a kind an error names.
    static let namedCount = 10

    /// The model of a kind that a request's name means.
    ///
    /// An empty name means the default model if it is of that kind, else the first permitted one that is, else what
    /// OpenAI's API takes then (`ModelEntry.Kind.standardModels`). A name that is in no list of the kind waits for the
    /// first lists there are to come, `longestWait` at most; if the vendor's list of the kind could not be had at all,
    /// the name is passed on as it is.
    ///
    /// - Throws: `invalidRequest` for a model of another kind and where there is no default, `modelNotFound` with the
    ///   nearest names of the kind else.
    func route(_ requested: String, for kind: ModelEntry.Kind) async throws(Failure) -> Route {
        let name = try filledIn(requested, kind)
        if let route = try knownRoute(name, for: kind) { return route }
        let deadline = vendors.first?.deadline(in: Self.longestWait)
        let isConfirmed = await awaitFirst([kind], until: deadline)
        if let route = try knownRoute(name, for: kind) { return route }
        // Only now, so that whoever names what there is never fetches a list of another kind.
        _ = await awaitFirst(ModelEntry.Kind.allCases, until: deadline)
        let kinds = kinds(of: name)
        if kinds.contains(kind), let route = findElsewhere(name, kind) {
            return try permit(route, kind, requested: name)
        }
        guard kinds.isEmpty else { throw mismatch(name, kinds, wanted: kind) }
        guard !isConfirmed, let route = unconfirmed(name, kind) else { throw notFound(name, kind) }
        return try permit(route, kind, requested: name)
    }

    /// What the model that a name means can be used for by the lists there are, without waiting; empty for an unknown
    /// name and for one that the operator does not permit.
    ///
    /// Asks for the lists that are due: only for a name that no chat model has.
    func kinds(of name: String) -> Set<ModelEntry.Kind> {
        kindsBelowAlias(alias(name) ?? name)
    }

    /// The same for a name that no list has yet, after the first lists came, `longestWait` at most.
    func awaitedKinds(of name: String) async -> Set<ModelEntry.Kind> {
        let known = kinds(of: name)
        guard known.isEmpty else { return known }
        _ = await awaitFirst(
            ModelEntry.Kind.allCases, until: vendors.first?.deadline(in: Self.longestWait))
        return kinds(of: name)
    }

    /// The same as `kinds(of:)` for a name that is not an alias.
    func kindsBelowAlias(_ name: String) -> Set<ModelEntry.Kind> {
        var kinds: Set<ModelEntry.Kind> = []
        for kind in ModelEntry.Kind.allCases {
            for entry in found(name, kind) { kinds.formUnion(entry.entry.kinds.union([kind])) }
        }
        return kinds
    }

    /// A permitted chat model that takes pictures, other than this one: a well-known one if there is one.
    ///
    /// By the lists there are, without waiting; nil when none of them is known to.
    func visionModel(besides model: String) -> String? {
        let lists = vendors.map { $0.chat.current().list }
        func sees(_ entry: ModelEntry, in list: ModelList) -> Bool {
            entry.id != model && entry.acceptsImages == true
                && list.permitted?.contains(entry.id) ?? true
        }
        for name in Self.knownToSee {
            for list in lists {
                if let entry = list.exactly(name), sees(entry, in: list) { return entry.id }
            }
        }
        for list in lists {
            if let entry = list.entries.first(where: { sees($0, in: list) }) { return entry.id }
        }
        return nil
    }

    /// Whether pictures may go into the chat model that a name means; nil when that is not known.
    func acceptsImages(_ name: String) -> Bool? {
        guard let route = find(name, .chat) else { return nil }
        return listed(route, for: .chat)?.acceptsImages
    }

    /// What a list says of a route's model; nil where it is not listed.
    func listed(_ route: Route, for kind: ModelEntry.Kind) -> ModelEntry? {
        guard route.isListed else { return nil }
        return vendors.first { $0.upstream === route.upstream }?.catalogue(of: kind).current().list
            .exactly(route.model)
    }

    /// Chat models with eyes that many clients know, cheap ones first: an error names one of them.
    private static let knownToSee = [
        "gpt-4o-mini", "gemini-2.5-flash", "gpt-4o", "gpt-5-mini", "gpt-5", "gemini-2.5-pro",
    ]

    /// The models that `/v1/models` shows: the permitted ones of all kinds, each once with all that it can be used for.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func listing() async -> [ModelEntry] {
        _ = await awaitFirst(
            ModelEntry.Kind.allCases, until: vendors.first?.deadline(in: Self.longestWait))
        var entries: [ModelEntry] = []
        var positions: [String: Int] = [:]
        for kind in ModelEntry.Kind.allCases {
            for vendor in vendors {
                let list = vendor.catalogue(of: kind).current().list
                for entry in list.entries where list.permitted?.contains(entry.id) ?? true {
                    if let position = positions[entry.id] {
                        entries[position].unite(with: entry)
                    } else {
                        positions[entry.id] = entries.count
                        entries.append(entry)
                    }
                }
            }
        }
        return entries
    }

    /// The entry that a name means, for `/v1/models/{id}`.
    ///
    /// - Throws: `modelNotFound` with the nearest names of all kinds.
    func entry(_ name: String) async throws(Failure) -> ModelEntry {
        let entries = await listing()
        if let entry = entries.first(where: { $0.id == name }) { return entry }
        for kind in ModelEntry.Kind.allCases {
            for (_, entry) in found(name, kind) + found(alias(name) ?? name, kind) {
                if let entry = entries.first(where: { $0.id == entry.id }) { return entry }
            }
        }
        throw notFound(name, nil)
    }

    /// Waits until each of these lists was tried to be fetched, no longer than until `deadline`.
    ///
    /// - Returns: whether the vendors themselves gave all of them.
    @inline(never) private func awaitFirst(_ kinds: [ModelEntry.Kind], until deadline: Instant?) async -> Bool
    {
        let catalogues = vendors.flatMap { vendor in kinds.map(vendor.catalogue(of:)) }
        // All are asked for before one is waited for, so that they are fetched beside each other.
        for catalogue in catalogues { _ = catalogue.current() }
        var isConfirmed = true
        for catalogue in catalogues {
            let snapshot = await catalogue.current(awaitingFirstUntil: deadline)
            isConfirmed = isConfirmed && snapshot.isConfirmed
        }
        return isConfirmed
    }

    /// A model that the list of another kind says to be of this kind as well, while the kind's own does not have it.
    private func findElsewhere(_ name: String, _ kind: ModelEntry.Kind) -> Route? {
        let name = alias(name) ?? name
        for other in ModelEntry.Kind.allCases where other != kind {
            for (vendor, entry) in found(name, other) where entry.kinds.contains(kind) {
                return Route(upstream: vendor.upstream, model: entry.id)
            }
        }
        return nil
    }

    /// The permitted models that a name, which is no alias, means in the lists of a kind: one of each vendor at most.
    private func found(_ name: String, _ kind: ModelEntry.Kind) -> [(vendor: Vendor, entry: ModelEntry)] {
        let (asked, rest) = withoutVendor(name).map { ([$0.vendor], $0.rest) } ?? (vendors, name)
        return asked.compactMap { vendor in
            let list = vendor.catalogue(of: kind).current().list
            var entry = list.find(rest)
            if entry == nil, kind == .chat, let plain = withoutOnline(rest) { entry = list.find(plain) }
            guard let entry, !settings.permitOnly || list.permitted?.contains(entry.id) ?? true else {
                return nil
            }
            return (vendor, entry)
        }
    }

    /// The name, or the one that stands in for an empty one.
    func filledIn(_ requested: String, _ kind: ModelEntry.Kind) throws(Failure) -> String {
        if !requested.isEmpty { return requested }
        if let standard = standard(kind) { return standard }
        throw Failure(
            .invalidRequest, "Missing required parameter: 'model'.", parameter: "model",
            code: "missing_required_parameter")
    }

    @inline(never) private func standard(_ kind: ModelEntry.Kind) -> String? {
        if kind == .chat, let standard = settings.defaultModel { return standard }
        if let standard = settings.defaultModel, find(standard, kind) != nil { return standard }
        if let first = settings.permitted.first(where: { find($0, kind) != nil }) { return first }
        // A model that no list has is more likely to chat than anything else.
        if kind == .chat { return settings.permitted.first { kinds(of: $0).isEmpty } }
        guard settings.permitted.isEmpty || !settings.permitOnly else { return nil }
        return kind.standardModels.first { find($0, kind) != nil }
    }

    /// The failure of a name that is no model's.
    ///
    /// - Parameter kind: whose names are near enough to be suggested; nil for all of them.
    func notFound(_ name: String, _ kind: ModelEntry.Kind?) -> Failure {
        let plain = withoutOnline(name) ?? name
        var names: [String] = []
        for kind in kind.map({ [$0] }) ?? ModelEntry.Kind.allCases {
            for vendor in vendors where names.count < Self.suggestionCount {
                let list = vendor.catalogue(of: kind).current().list
                for near in list.nearest(to: plain, count: Self.suggestionCount - names.count)
                where !names.contains(near) {
                    names.append(near)
                }
            }
        }
        var message = "The model `\(Self.shown(name))` does not exist or you do not have access to it."
        if !names.isEmpty {
            message += " Did you mean \(Self.quoted(names))?"
        } else if let kind, kind != .chat {
            message += whoCan(kind)
        }
        return Failure(.modelNotFound, message, parameter: "model")
    }

    /// The failure of a name whose model is there, but cannot do what is asked for.
    private func mismatch(
        _ name: String, _ kinds: Set<ModelEntry.Kind>, wanted: ModelEntry.Kind
    ) -> Failure {
        let does = ModelEntry.Kind.allCases.filter(kinds.contains).map(\.does).joined(separator: ", ")
        return Failure(
            .invalidRequest,
            "The model `\(Self.shown(name))` \(does); it cannot \(wanted.deed).\(whoCan(wanted))",
            parameter: "model", code: "model_kind_mismatch")
    }

    /// A sentence that names permitted models of a kind; empty where there are none.
    private func whoCan(_ kind: ModelEntry.Kind) -> String {
        var names: [String] = []
        for vendor in vendors {
            let list = vendor.catalogue(of: kind).current().list
            names += list.entries.map(\.id).filter {
                list.permitted?.contains($0) ?? true && !names.contains($0)
            }
        }
        guard !names.isEmpty else { return "" }
        let more = names.count > Self.namedCount ? " and \(names.count - Self.namedCount) more" : ""
        return " Models that can: \(Self.quoted(names.prefix(Self.namedCount)))\(more)."
    }

    private static func quoted(_ names: some Sequence<String>) -> String {
        names.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// A name as an error repeats it: cut at 100 characters.
    private static func shown(_ name: String) -> String {
        name.count <= 100 ? name : name.prefix(100) + "…"
    }
}
