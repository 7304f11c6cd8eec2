internal import Glibc
internal import Memcached
internal import Relay
internal import Wire

/// Chooses the store in which limits are counted.
enum LimitStores {
    /// The store of a process: memcached where a server is configured, else this machine's processes together.
    ///
    /// It is made also where nothing is limited, since a configuration that is read again may limit something.
    static func make(
        _ configuration: Configuration, _ clock: any RelayClock, _ log: any ExchangeLog
    ) -> any LimitStore {
        let leaseSeconds = max(1, Int(configuration.limits.lease.components.seconds))
        let local = SharedLimitStore(
            path: path(configuration), leaseSeconds: leaseSeconds, clock: clock, log: log)
        let servers = servers(configuration.memcached)
        guard !servers.isEmpty else { return local }
        do throws(MemcachedError) {
            return try MemcachedLimitStore(
                configuration.memcached, servers: servers, leaseSeconds: leaseSeconds, local: local,
                clock: clock, log: log)
        } catch {
            log.event(
                .error, "limit store cannot be made", [LogField("reason", .string(error.reason))])
            return local
        }
    }

    private static func servers(_ settings: Configuration.Memcached) -> [MemcachedServer] {
        settings.allServers.compactMap(MemcachedServer.init)
    }

    /// The file that all processes of an installation find.
    ///
    /// The cache directory is the best place: it stays when systemd removes what a user left in shared memory (RemoveIPC,
    /// `logind.conf(5)`), and nobody else can make the file first. Where there is none, memory where the system has a
    /// place for shared one; what an installation listens on tells it from others of the same user.
    static func path(_ configuration: Configuration) -> String? {
        if let file = configuration.limits.file { return file }
        if let directory = configuration.cacheDirectory { return "\(directory)/limits" }
        guard access(sharedMemory, W_OK | X_OK) == 0 else { return nil }
        let identity = configuration.listen.description
        let name = SHA256.hash(Array(identity.utf8)).prefix(8).map { String($0, radix: 16) }.joined(
            separator: "-")
        return "\(sharedMemory)/fastrelay-\(geteuid())-\(name)"
    }

    /// https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch06s01.html knows it; glibc's `shm_open` uses it.
    private static let sharedMemory = "/dev/shm"
}
