import Wire

extension ConfigurationKey {
    /// A key with the limits of each class below it.
    ///
    /// A limit that stands there without a class is for all classes, but for those that have their own, wherever in the
    /// file these stand. Printed are the classes. `null` in the place of a class, or of all of them, limits nothing.
    init(
        classes name: String, _ property: any WritableKeyPath<Root, Configuration.ClassLimits> & Sendable,
        _ keys: [ConfigurationKey<LimitRules>]
    ) {
        let classes = [
            Self.limitClass(.text, \.text, keys), Self.limitClass(.image, \.image, keys),
            Self.limitClass(.audio, \.audio, keys), Self.limitClass(.files, \.files, keys),
        ]
        let all = classes + keys.map(Self.forAllClasses)
        self.init(
            name: name,
            read: { (node, reader, root) throws(ConfigurationError) in
                if case .null = node.kind {
                    root[keyPath: property] = Configuration.ClassLimits(LimitRules())
                    return
                }
                var limits = root[keyPath: property]
                try all.read(node, reader, into: &limits) { LimitClass(rawValue: $0.name) == nil }
                try all.read(node, reader, into: &limits) { LimitClass(rawValue: $0.name) != nil }
                root[keyPath: property] = limits
            },
            write: { classes.write($0[keyPath: property]) },
            // The classes begin with the same limits: one row is for all.
            rows: { path, standard in
                keys.rows("\(path)\(name).<class>.", standard[keyPath: property].text)
            },
            changes: { path, old, new in
                classes.changes("\(path)\(name).", old[keyPath: property], new[keyPath: property])
            })
    }

    /// The key of a class.
    private static func limitClass(
        _ limitClass: LimitClass,
        _ property: any WritableKeyPath<Configuration.ClassLimits, LimitRules> & Sendable,
        _ keys: [ConfigurationKey<LimitRules>]
    ) -> ConfigurationKey<Configuration.ClassLimits> {
        ConfigurationKey<Configuration.ClassLimits>(section: limitClass.rawValue, property, keys) {
            $0 = LimitRules()
        }
    }

    /// The key of a limit, to be read into all classes.
    private static func forAllClasses(
        _ key: ConfigurationKey<LimitRules>
    ) -> ConfigurationKey<Configuration.ClassLimits> {
        ConfigurationKey<Configuration.ClassLimits>(
            name: key.name,
            read: { (node, reader, limits) throws(ConfigurationError) in
                try key.read(node, reader, &limits.text)
                try key.read(node, reader, &limits.image)
                try key.read(node, reader, &limits.audio)
                try key.read(node, reader, &limits.files)
            },
            write: { key.write($0.text) }, rows: { path, standard in key.rows(path, standard.text) },
            changes: { _, _, _ in [] })
    }
}
