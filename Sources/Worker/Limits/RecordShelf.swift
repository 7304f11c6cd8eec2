internal import Memcached
internal import Relay

/// Gets records of one server and puts them back. Those it has seen lately it remembers, for mostly nobody else has changed
/// them since; whether that is so is found out by writing them.
struct RecordShelf {
    /// Records that are remembered: they are some 600 kilobytes.
    private static let maximumRemembered = 256
    /// Failures that take longer than this are not those of a connection that was closed while nobody used it.
    private static let promptness = Duration.milliseconds(10)

    private let server: any RecordServer
    private let prefix: String
    private let stopwatch: any RelayClock
    /// As they were fetched or written the last time, by the connection at hand.
    private var remembered: [LimitKey: RecordEntry] = [:]
    /// A server that was restarted numbers its values anew, and another one behind the same address as well: what was
    /// learned by one connection is not to be taken for what is at the end of the next.
    private var connectionCount = 0
    /// What the next write is known by. No two shelves come near each other.
    private var stamp = UInt64.random(in: 0 ... .max)

    /// A shelf that remembers nothing.
    ///
    /// - Parameters:
    ///   - prefix: what all names of records begin with.
    ///   - stopwatch: says how long the server takes.
    init(_ server: any RecordServer, prefix: String, stopwatch: any RelayClock) {
        self.server = server
        self.prefix = prefix
        self.stopwatch = stopwatch
    }

    /// Asks whether the server answers, by a key that nobody has: libmemcached asks each connection but once for the
    /// version.
    func ping() throws(MemcachedError) { _ = try server.fetch([prefix + "ping"]) }

    /// Closes the connection.
    func disconnect() { server.disconnect() }

    /// The records as they are remembered, and those that are not as they are.
    ///
    /// - Parameter keys: each once.
    mutating func recall(_ keys: [LimitKey]) throws(MemcachedError) -> [RecordEntry] {
        forgetOtherServer()
        var entries: [RecordEntry] = []
        var missing: [LimitKey] = []
        for key in keys {
            if let entry = remembered[key] {
                entry.isRemembered()
                entries.append(entry)
            } else {
                missing.append(key)
            }
        }
        if missing.isEmpty { return entries }
        let before = connectionCount
        let fetched = try fetch(missing)
        // By a new connection: those that are remembered are of the one before.
        if connectionCount != before, !entries.isEmpty { return try fetch(keys) }
        return entries + fetched
    }

    /// The records as they are.
    ///
    /// - Parameter keys: each once.
    mutating func fetch(_ keys: [LimitKey]) throws(MemcachedError) -> [RecordEntry] {
        let names = keys.map { prefix + $0.text }
        let items = try fetch(names)
        forgetOtherServer()
        var entries: [RecordEntry] = []
        for (index, key) in keys.enumerated() {
            let entry = RecordEntry(key, name: names[index], index < items.count ? items[index] : nil)
            entries.append(entry)
            remember(entry)
        }
        return entries
    }

    /// Writes records that were changed, and finds out what came of it.
    mutating func write(_ entries: [RecordEntry]) throws(MemcachedError) {
        guard !entries.isEmpty else { return }
        stamp &+= 1
        let replacements = entries.map { $0.replacement(stamp: stamp) }
        let items: [MemcachedConnection.Item?]
        do {
            items = try server.replace(replacements)
        } catch {
            forgetAll()
            throw error
        }
        for (entry, item) in zip(entries, items) {
            if let other = entry.confirm(item) { remember(other) }
        }
    }

    /// Fetches a record the next time.
    mutating func forget(_ key: LimitKey) { remembered[key] = nil }

    private mutating func remember(_ entry: RecordEntry) {
        // Many callers who come but once are not worth a list of who came last.
        if remembered.count >= Self.maximumRemembered, remembered[entry.key] == nil { remembered = [:] }
        remembered[entry.key] = entry
    }

    private mutating func forgetOtherServer() {
        guard server.connectionCount != connectionCount else { return }
        connectionCount = server.connectionCount
        remembered = [:]
    }

    private mutating func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?] {
        let start = stopwatch.now()
        do {
            return try server.fetch(names)
        } catch {
            // Such as by a server that was restarted since; the next call makes a new connection.
            guard stopwatch.now() - start < Self.promptness, let items = try? server.fetch(names) else {
                forgetAll()
                throw error
            }
            return items
        }
    }

    /// What was changed in records and not written stands nowhere.
    private mutating func forgetAll() { remembered = [:] }
}
