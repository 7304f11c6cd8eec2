import Dialects

/// An immutable list of models with every name by which each of them is found.
final class ModelList: Sendable {
    /// The models in the vendor's order.
    let entries: [ModelEntry]
    /// Identifiers of the models that the operator permits; `nil` when all are.
    let permitted: Set<String>?
    private let positions: [String: Int]
    private let plain: [String: Candidate]
    private let vendors: Set<String>

    /// Names longer than this are not looked for by their form nor compared with others; the longest known has 44 bytes.
    static let maximumNameBytes = 200

    /// One model among those that share a plain name.
    private struct Candidate: Sendable {
        let position: Int
        /// The plain name as it is shown.
        let name: String
        /// How much was left out to get to the name.
        let loss: Int
        let date: Int
        let version: Int
        let created: Int
    }

    /// Identifiers that were renamed without anything else changing. Keys are folded.
    ///
    /// `mistral-nemo`: koko's relay used it as its default until the service renamed it in 2026.
    private static let renamed = [
        "mistral-nemo": "open-mistral-nemo",
        "midjourney": "magic-art",
        "midjourney_6_1": "magic-art_6_1",
        "midjourney_7_0": "magic-art_7_0",
    ]

    /// Company names with which other gateways prefix a model, besides those in the list itself.
    private static let knownVendors: Set<String> = [
        "openai", "anthropic", "google", "mistral", "mistralai", "cohere", "deepseek", "meta", "meta-llama",
        "xai",
        "x-ai", "qwen", "alibaba", "zai", "z-ai", "perplexity", "moonshotai",
    ]

    /// Builds the index; `permitted` are names as an operator writes them, empty for all.
    init(_ entries: [ModelEntry], permitted: [String] = []) {
        var positions: [String: Int] = [:]
        var plain: [String: Candidate] = [:]
        var vendors = Self.knownVendors
        for (position, entry) in entries.enumerated() {
            if positions[entry.id] == nil { positions[entry.id] = position }
            vendors.insert(ModelNameForms.folded(entry.provider))
            let forms = ModelNameForms(entry.id)
            if let vendor = forms.vendor { vendors.insert(ModelNameForms.folded(vendor)) }
            for (loss, name) in forms.names.enumerated() {
                let candidate = Candidate(
                    position: position, name: name, loss: loss, date: forms.date, version: forms.version,
                    created: entry.created ?? 0)
                let key = ModelNameForms.folded(name)
                if let other = plain[key], !Self.isBetter(candidate, than: other, entries) { continue }
                plain[key] = candidate
            }
        }
        self.entries = entries
        self.positions = positions
        self.plain = plain
        self.vendors = vendors
        guard !permitted.isEmpty else {
            self.permitted = nil
            return
        }
        var ids: Set<String> = []
        for name in permitted {
            ids.insert(
                Self.find(name, positions, plain, vendors).map { entries[$0].id } ?? name)
        }
        self.permitted = ids
    }

    /// The model with exactly this identifier.
    func exactly(_ id: String) -> ModelEntry? {
        positions[id].map { entries[$0] }
    }

    /// The model that a name means: by identifier, in any case, by its plain name, by a former name.
    ///
    /// Where several share a plain name it means the one that lost least to get to it; among those the newest by the
    /// date, then by the version in its identifier, then by the day it was added.
    func find(_ name: String) -> ModelEntry? {
        Self.find(name, positions, plain, vendors).map { entries[$0] }
    }

    /// Up to `count` names that somebody may have meant, each of another permitted model.
    func nearest(to name: String, count: Int) -> [String] {
        guard name.utf8.count <= Self.maximumNameBytes else { return [] }
        let candidates = plain.values.filter { candidate in
            permitted?.contains(entries[candidate.position].id) ?? true
        }.sorted { ($0.position, $0.loss) < ($1.position, $1.loss) }
        var positions: [String: Int] = [:]
        for candidate in candidates where positions[candidate.name] == nil {
            positions[candidate.name] = candidate.position
        }
        var seen: Set<Int> = []
        var names: [String] = []
        for name in NearestNames.of(name, among: candidates.map(\.name), count: 8 * count) {
            guard names.count < count else { break }
            if let position = positions[name], seen.insert(position).inserted { names.append(name) }
        }
        return names
    }

    private static func find(
        _ name: String, _ positions: [String: Int], _ plain: [String: Candidate], _ vendors: Set<String>
    ) -> Int? {
        if let position = positions[name] { return position }
        guard name.utf8.count <= maximumNameBytes else { return nil }
        let folded = ModelNameForms.folded(name)
        return find(folded: folded, positions, plain)
            ?? withoutVendor(folded, vendors).flatMap {
                find(folded: $0, positions, plain)
            }
    }

    private static func find(
        folded name: String, _ positions: [String: Int], _ plain: [String: Candidate]
    ) -> Int? {
        if let candidate = plain[name] { return candidate.position }
        if name.hasSuffix("-latest"), let candidate = plain[String(name.dropLast(7))] {
            return candidate.position
        }
        return renamed[name].flatMap { plain[ModelNameForms.folded($0)]?.position }
    }

    /// What follows the slash, when a vendor's name stands before it.
    private static func withoutVendor(_ name: String, _ vendors: Set<String>) -> String? {
        guard let slash = name.firstIndex(of: "/"), vendors.contains(String(name[..<slash])) else {
            return nil
        }
        return String(name[name.index(after: slash)...])
    }

    private static func isBetter(_ one: Candidate, than other: Candidate, _ entries: [ModelEntry]) -> Bool {
        if one.loss != other.loss { return one.loss < other.loss }
        if one.date != other.date { return one.date > other.date }
        if one.version != other.version { return one.version > other.version }
        if one.created != other.created { return one.created > other.created }
        return entries[one.position].id < entries[other.position].id
    }
}
