internal import CMemcached

/// Which of several servers has a key: consistent hashing (ketama, 160 points for each server), as libmemcached and other
/// clients do it.
///
/// All processes with the same servers by the same names agree, and a key's place does not move when a server is down.
/// When one of n servers is added or taken away, about one key of n moves. The order of the servers decides nothing but
/// the numbers that `place` gives.
@safe public final class MemcachedRing: @unchecked Sendable {
    // Sendable, since nothing changes `handle` after `init`: memcached_generate_hash reads the points and hashes on its
    // own stack.

    /// How many servers there may be: libmemcached ends the process when there are more.
    public static let maximumServers = 100

    /// The servers, in the order given.
    public let servers: [MemcachedServer]
    private let handle: UnsafeMutablePointer<memcached_st>

    /// A ring of at least one server.
    public init(_ servers: [MemcachedServer]) throws(MemcachedError) {
        guard (1...Self.maximumServers).contains(servers.count) else {
            throw MemcachedError(reason: "there must be 1 to \(Self.maximumServers) servers")
        }
        guard let handle = unsafe memcached_create(nil) else { throw MemcachedError(reason: "out of memory") }
        self.servers = servers
        unsafe self.handle = handle
        var codes: [memcached_return_t] = []
        for server in servers {
            switch server {
            case .tcp(let host, let port):
                unsafe codes.append(memcached_server_add(handle, host, in_port_t(clamping: port)))
            case .unix(let path):
                unsafe codes.append(memcached_server_add_unix_socket(handle, path))
            }
        }
        // Last, for each server that is added to a ring makes all of it anew.
        unsafe codes.append(memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1))
        if let code = codes.first(where: { $0 != MEMCACHED_SUCCESS }) {
            throw MemcachedError(code, systemError: 0)
        }
    }

    deinit {
        unsafe memcached_free(handle)
    }

    /// The index in `servers` of the one that has a key. `memcached_generate_hash`
    public func place(of key: String) -> Int {
        var key = key
        return key.withUTF8 { bytes in
            // An empty key has no hash; it has no server either, and any is as good.
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                unsafe Int(memcached_generate_hash(handle, $0, bytes.count))
            }
        }
    }
}
