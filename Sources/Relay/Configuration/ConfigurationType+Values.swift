import Wire

extension ConfigurationType where Value == String {
    /// Text that is not empty and has no control characters.
    static let text = ConfigurationType("string") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw reader.error(at: node, "expected a string that is not empty and has no control characters")
        }
        return text
    } write: {
        .string($0)
    }
}

extension ConfigurationType where Value == Bool {
    /// `true` or `false`.
    static let flag = ConfigurationType("boolean") { (node, reader) throws(ConfigurationError) in
        guard case .bool(let value) = node.kind else {
            throw reader.mismatch(node, expected: "true or false")
        }
        return value
    } write: {
        .scalar($0 ? "true" : "false")
    }
}

extension ConfigurationType where Value == Int {
    /// A whole number within a range.
    static func integer(in range: ClosedRange<Int>) -> ConfigurationType {
        ConfigurationType("integer") { (node, reader) throws(ConfigurationError) in
            let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
            guard case .number(let number) = node.kind else {
                throw reader.mismatch(node, expected: expected)
            }
            guard let value = number.intValue, range.contains(value) else {
                throw reader.error(at: node, "expected \(expected), found \(number.text)")
            }
            return value
        } write: {
            .scalar(String($0))
        }
    }

    /// Permission bits as an octal string, such as `"0660"`.
    static let socketMode = ConfigurationType("octal string") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        guard (3...4).contains(text.utf8.count), let mode = Int(text, radix: 8), (0...0o777).contains(mode)
        else {
            throw reader.error(at: node, "expected permission bits in octal, such as \"0660\"")
        }
        return mode
    } write: {
        .string("0" + String($0, radix: 8))
    }
}

extension ConfigurationType where Value == Duration {
    /// A duration such as `"500ms"`, `"10s"` or `"5m"` within a range.
    static func duration(in range: ClosedRange<Duration>) -> ConfigurationType {
        ConfigurationType("duration") { (node, reader) throws(ConfigurationError) in
            let expected =
                "a duration from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
            guard case .string = node.kind else {
                throw reader.mismatch(node, expected: "\(expected), such as \"10s\"")
            }
            let text = try reader.string(node)
            guard let value = DurationText.parse(text) else {
                throw reader.error(
                    at: node, "expected a duration such as \"500ms\", \"10s\", \"5m\" or \"1h\"")
            }
            guard range.contains(value) else { throw reader.error(at: node, "expected \(expected)") }
            return value
        } write: {
            .string(DurationText.format($0))
        }
    }
}

extension ConfigurationType where Value == Secret {
    /// Text that is never printed, or `file:PATH`.
    static let secret = ConfigurationType("secret") { (node, reader) throws(ConfigurationError) in
        try reader.secret(node)
    } write: { _ in
        .string(Secret.mask)
    }
}

extension ConfigurationType where Value == NetworkBlock {
    /// An address or a range of addresses.
    static let network = ConfigurationType("network") { (node, reader) throws(ConfigurationError) in
        guard let block = NetworkBlock(try reader.string(node)) else {
            throw reader.error(
                at: node, "expected an address or a network such as \"10.1.0.0/16\" or \"fd00::/8\"")
        }
        return block
    } write: {
        .string($0.description)
    }
}

extension ConfigurationType where Value == ListenAddress {
    /// `unix:PATH`, `tcp:HOST:PORT` or `fd:N`.
    static let listenAddress = ConfigurationType("address") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        do throws(ListenAddress.ParseError) {
            return try ListenAddress(parsing: text)
        } catch {
            throw reader.error(at: node, error.message)
        }
    } write: {
        .string($0.description)
    }
}

extension ConfigurationType where Value == UpstreamAddress {
    /// The base URL of a vendor.
    static let baseURL = ConfigurationType("URL") { (node, reader) throws(ConfigurationError) in
        let text = try reader.string(node)
        do throws(UpstreamAddress.ParseError) {
            return try UpstreamAddress(parsing: text)
        } catch {
            throw reader.error(at: node, error.message)
        }
    } write: {
        .string($0.text)
    }
}

extension ConfigurationType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a few words.
    static var choice: ConfigurationType {
        let words = Value.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        return ConfigurationType("one of \(words)") { (node, reader) throws(ConfigurationError) in
            guard let value = Value(rawValue: try reader.string(node)) else {
                throw reader.error(at: node, "expected one of \(words)")
            }
            return value
        } write: {
            .string($0.rawValue)
        }
    }
}

extension ConfigurationType {
    /// A value, or `null` for none.
    static func optional<Wrapped>(_ type: ConfigurationType<Wrapped>) -> ConfigurationType
    where Value == Wrapped? {
        ConfigurationType("\(type.name) or null") { (node, reader) throws(ConfigurationError) in
            if case .null = node.kind { return nil }
            return try type.read(node, reader)
        } write: { value in
            value.map(type.write) ?? .scalar("null")
        }
    }

    /// A list of at most `maximum` values.
    static func list<Item>(of type: ConfigurationType<Item>, maximum: Int) -> ConfigurationType
    where Value == [Item] {
        ConfigurationType("list of \(type.name)") { (node, reader) throws(ConfigurationError) in
            guard case .array(let nodes) = node.kind else { throw reader.mismatch(node, expected: "a list") }
            guard nodes.count <= maximum else {
                throw reader.error(at: node, "expected at most \(maximum) entries, found \(nodes.count)")
            }
            var items: [Item] = []
            for node in nodes { items.append(try type.read(node, reader)) }
            return items
        } write: {
            .list($0.map(type.write))
        }
    }

    /// Names chosen by the operator, at most `maximum`, each with a value; printed in the order of the names.
    static func names<Item>(to type: ConfigurationType<Item>, maximum: Int) -> ConfigurationType
    where Value == [String: Item] {
        ConfigurationType("names to \(type.name)") { (node, reader) throws(ConfigurationError) in
            guard case .object(let members) = node.kind else {
                throw reader.mismatch(node, expected: "an object")
            }
            guard members.count <= maximum else {
                throw reader.error(at: node, "expected at most \(maximum) names, found \(members.count)")
            }
            var items: [String: Item] = [:]
            for member in members { items[member.key] = try type.read(member.value, reader) }
            return items
        } write: { items in
            .section(items.sorted { $0.key < $1.key }.map { ($0.key, type.write($0.value)) })
        }
    }
}
