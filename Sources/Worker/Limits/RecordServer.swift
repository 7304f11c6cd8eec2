internal import Memcached

/// What a lane asks of a server; all calls block.
protocol RecordServer {
    /// Fetches values in one go, one for each name.
    func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?]

    /// Puts values in the places of those that were fetched if they are still there, and fetches what is there then.
    func replace(
        _ replacements: [MemcachedConnection.Replacement]
    ) throws(MemcachedError) -> [MemcachedConnection.Item?]

    /// How many connections were made so far.
    var connectionCount: Int { get }

    /// Closes the connection; the next call makes a new one.
    func disconnect()
}

extension MemcachedConnection: RecordServer {}
