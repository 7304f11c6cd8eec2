/// What differs between the configuration that runs and one that was read again, by key and never by value.
public struct ConfigurationChanges: Sendable, Equatable {
    /// The keys that take effect at once, such as `providers.onemin.timeouts.idle`, in the order of the table.
    public var applied: [String]
    /// The keys that only a new process can change.
    public var needingRestart: [String]

    /// Compares what runs with what was read.
    public init(from old: Configuration, to new: Configuration) {
        let all = ConfigurationTable.keys.changes("", old, new)
        applied = all.filter { !Self.fixedKeys.contains($0) }
        needingRestart = all.filter { Self.fixedKeys.contains($0) }
    }

    /// The keys whose effect a process has from its start to its end: the socket is open, each loop is a thread, the
    /// directories and the database are shared under locks, and what counts is connected to where others count.
    static let fixedKeys: Set<String> = [
        "listen", "protocol", "socketMode", "socketGroup", "loops", "cacheDirectory",
        "store.path", "store.retention", "store.maximumBytes",
        "files.directory", "files.maximumBytes", "files.callerBytes", "files.callerFiles",
        "limits.lease", "limits.file",
        "memcached.servers", "memcached.host", "memcached.port", "memcached.namespace", "memcached.username",
        "memcached.password", "memcached.timeout",
    ]
}

extension Configuration {
    /// This configuration, but with what only a new process can change as `running` has it.
    public func applied(to running: Configuration) -> Configuration {
        var result = self
        result.listen = running.listen
        result.wireProtocol = running.wireProtocol
        result.socketMode = running.socketMode
        result.socketGroup = running.socketGroup
        result.loops = running.loops
        result.cacheDirectory = running.cacheDirectory
        result.store = running.store
        result.files.directory = running.files.directory
        result.files.limits = running.files.limits
        result.limits.lease = running.limits.lease
        result.limits.file = running.limits.file
        result.memcached = running.memcached
        return result
    }
}
