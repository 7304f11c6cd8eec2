internal import Memcached

/// What a lane asks of a server; all calls block.
protocol RecordServer {
    /// Fetches values in one go, one for each name.
    func fetch(_ names: [String]) throws(MemcachedError) -> [MemcachedConnection.Item?]

    /// Puts a value in the place of the one that was fetched, or of none.
    ///
    /// - Returns: false when another one is there meanwhile, or none any more.
    func replace(
        _ name: String, with bytes: [UInt8], ifStill version: UInt64?, expiringAfter seconds: Int
    ) throws(MemcachedError) -> Bool

    /// Closes the connection; the next call makes a new one.
    func disconnect()
}

extension MemcachedConnection: RecordServer {}
