import Wire

/// One key of a section of the file: its name, the property it sets, the type of its value and what it is for.
///
/// Reading, printing and documenting the file all go by lists of these, so a key cannot be in one and not in another.
struct ConfigurationKey<Root: Sendable>: Sendable {
    /// The key as it stands in the file.
    let name: String
    /// Reads a node into the property.
    let read: @Sendable (JSON5Node, ConfigurationReader, inout Root) throws(ConfigurationError) -> Void
    /// Prints the property.
    let write: @Sendable (Root) -> ConfigurationText
    /// The table's rows for the key: one, or one for each key below it. The path ends in a dot or is empty.
    let rows: @Sendable (_ path: String, _ standard: Root) -> [ConfigurationRow]
    /// The paths below which two configurations differ: of this key, or of keys below it. The path is as for `rows`.
    let changes: @Sendable (_ path: String, _ old: Root, _ new: Root) -> [String]

    /// A key of whatever kind.
    init(
        name: String,
        read:
            @escaping @Sendable (JSON5Node, ConfigurationReader, inout Root) throws(ConfigurationError) ->
            Void,
        write: @escaping @Sendable (Root) -> ConfigurationText,
        rows: @escaping @Sendable (_ path: String, _ standard: Root) -> [ConfigurationRow],
        changes: @escaping @Sendable (_ path: String, _ old: Root, _ new: Root) -> [String]
    ) {
        self.name = name
        self.read = read
        self.write = write
        self.rows = rows
        self.changes = changes
    }

    /// A key with a plain value.
    init<Value: Equatable>(
        _ name: String, _ property: any WritableKeyPath<Root, Value> & Sendable,
        _ type: ConfigurationType<Value>,
        _ doc: String
    ) {
        self.name = name
        read = { (node, reader, root) throws(ConfigurationError) in
            root[keyPath: property] = try type.read(node, reader)
        }
        write = { type.write($0[keyPath: property]) }
        rows = { path, standard in
            [
                ConfigurationRow(
                    path: path + name, type: type.name,
                    standard: type.write(standard[keyPath: property]).singleLine,
                    doc: doc)
            ]
        }
        changes = { path, old, new in
            old[keyPath: property] == new[keyPath: property] ? [] : [path + name]
        }
    }

    /// A key with keys below it.
    ///
    /// - Parameter turnOff: what `null` in the place of the keys does; without it that is an error.
    init<Value>(
        section name: String, _ property: any WritableKeyPath<Root, Value> & Sendable,
        _ keys: [ConfigurationKey<Value>], orNull turnOff: (@Sendable (inout Value) -> Void)? = nil
    ) {
        self.name = name
        read = { (node, reader, root) throws(ConfigurationError) in
            if let turnOff, case .null = node.kind {
                turnOff(&root[keyPath: property])
                return
            }
            try keys.read(node, reader, into: &root[keyPath: property])
        }
        write = { keys.write($0[keyPath: property]) }
        rows = { path, standard in keys.rows(path + name + ".", standard[keyPath: property]) }
        changes = { path, old, new in
            keys.changes(path + name + ".", old[keyPath: property], new[keyPath: property])
        }
    }

    /// A key with names chosen by the operator below it, and below each of them the same keys.
    ///
    /// - Parameters:
    ///   - standard: the element that a name starts from.
    ///   - identifier: where the name is kept in it.
    ///   - checkName: throws unless the name may be used, given those before it.
    init<Element>(
        named name: String, _ property: any WritableKeyPath<Root, [Element]> & Sendable,
        standard: Element, identifier: any WritableKeyPath<Element, String> & Sendable,
        _ keys: [ConfigurationKey<Element>],
        checkName:
            @escaping @Sendable (JSON5Node.Member, [Element], ConfigurationReader) throws(ConfigurationError)
            -> Void
    ) {
        self.name = name
        read = { (node, reader, root) throws(ConfigurationError) in
            guard case .object(let members) = node.kind else {
                throw reader.mismatch(node, expected: "an object")
            }
            guard !members.isEmpty else { throw reader.error(at: node, "expected at least one entry") }
            var elements: [Element] = []
            for member in members {
                try checkName(member, elements, reader)
                var element = standard
                element[keyPath: identifier] = member.key
                try keys.read(member.value, reader, into: &element)
                elements.append(element)
            }
            root[keyPath: property] = elements
        }
        write = { root in
            .section(root[keyPath: property].map { ($0[keyPath: identifier], keys.write($0)) })
        }
        rows = { path, _ in keys.rows("\(path)\(name).<name>.", standard) }
        changes = { path, old, new in
            let old = old[keyPath: property]
            let new = new[keyPath: property]
            let path = path + name
            var changes: [String] = []
            for element in old {
                let elementName = element[keyPath: identifier]
                if let successor = new.first(where: { $0[keyPath: identifier] == elementName }) {
                    changes += keys.changes("\(path).\(elementName).", element, successor)
                } else {
                    changes.append("\(path).\(elementName)")
                }
            }
            let oldNames = old.map { $0[keyPath: identifier] }
            let newNames = new.map { $0[keyPath: identifier] }
            changes += newNames.filter { !oldNames.contains($0) }.map { "\(path).\($0)" }
            // The order counts too: the first provider is asked first.
            if oldNames.filter(newNames.contains) != newNames.filter(oldNames.contains) {
                changes.append(path)
            }
            return changes
        }
    }
}

extension Array {
    /// Reads a section: every member has to be one of these keys.
    ///
    /// - Parameter isChosen: of which keys members are read; all are looked at.
    func read<Root>(
        _ node: JSON5Node, _ reader: ConfigurationReader, into root: inout Root,
        where isChosen: (Element) -> Bool = { _ in true }
    ) throws(ConfigurationError) where Element == ConfigurationKey<Root> {
        guard case .object(let members) = node.kind else {
            throw reader.mismatch(node, expected: "an object")
        }
        for member in members {
            guard let key = first(where: { $0.name == member.key }) else {
                let suggestion = NearestNames.of(member.key, among: lazy.map(\.name), count: 1).first
                throw ConfigurationError(
                    source: reader.fileName, line: member.keyLine, column: member.keyColumn,
                    message: "unknown key \(ConfigurationText.string(member.key).singleLine)"
                        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
            }
            if isChosen(key) { try key.read(member.value, reader, &root) }
        }
    }

    /// Prints a section.
    func write<Root>(_ root: Root) -> ConfigurationText where Element == ConfigurationKey<Root> {
        .section(map { ($0.name, $0.write(root)) })
    }

    /// The table's rows of a section; the path ends in a dot or is empty.
    func rows<Root>(_ path: String, _ standard: Root) -> [ConfigurationRow]
    where Element == ConfigurationKey<Root> {
        flatMap { $0.rows(path, standard) }
    }

    /// The paths of what differs in a section; the path ends in a dot or is empty.
    func changes<Root>(_ path: String, _ old: Root, _ new: Root) -> [String]
    where Element == ConfigurationKey<Root> {
        flatMap { $0.changes(path, old, new) }
    }
}
