extension OneMinImagePlan {
    /// The models and what each takes, as a Markdown table for README; made from the rows that the code uses.
    public static var table: String {
        let routes: [(ImageRequest.Purpose, String)] = [
            (.generation, "generations"), (.edit, "edits"), (.variation, "variations"),
        ]
        var lines = [
            "| models | route | size | pictures of a call | of OpenAI's members | of its own | from |",
            "|---|---|---|---|---|---|---|",
        ]
        for (purpose, route) in routes {
            for row in ImageFamily.rows(for: purpose) { lines.append(line(row, route)) }
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ row: ImageFamily, _ route: String) -> String {
        let models = row.title ?? row.models.map { "`\($0)`" }.joined(separator: ", ")
        let known = row.fields.compactMap { field in field.meaning.map { ($0.rawValue, field) } }
            .filter { $0.0 != "seed" }
        let own = row.fields.filter { $0.meaning == nil || $0.meaning == .seed }
        var ownWords = own.map { member($0.name, $0) }
        if let prefix = row.openPrefix { ownWords.append("`\(prefix)…`") }
        let cells = [
            models, route, row.sizes, row.pictures, words(known.map { member($0.0, $0.1) }), words(ownWords),
            row.source.word,
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }

    private static func words(_ words: [String]) -> String {
        words.isEmpty ? "–" : words.joined(separator: ", ")
    }

    private static func member(_ name: String, _ field: ImageField) -> String {
        "`\(name)`" + (field.values.map { " \($0)" } ?? "")
    }
}

extension ImageFamily {
    /// Sizes in words; those of some tasks have lists of their own.
    fileprivate var sizes: String {
        guard !sizeOfTask.isEmpty else { return size.choices(isQuoted: false) }
        let others = sizeOfTask.sorted { $0.key < $1.key }
            .map { "`\($0.key)` \($0.value.choices(isQuoted: false))" }
        return ([size.choices(isQuoted: false)] + others).joined(separator: "; ")
    }

    /// How many pictures go in and come out.
    fileprivate var pictures: String {
        let made =
            switch count {
            case .upTo(let most, _, _): "1–\(most)"
            case .always(let count, _): "always \(count)"
            case .one: "1"
            }
        return further.most > 0 ? "\(made), of up to \(1 + further.most)" : made
    }
}
