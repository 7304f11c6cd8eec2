import Wire

extension Configuration {
    /// Reads a configuration file and the environment variables that stand in for parts of it.
    ///
    /// - Parameters:
    ///   - text: the file's bytes, JSON5 in UTF-8; `nil` when there is no file.
    ///   - fileName: how errors name the file.
    ///   - environment: the process's environment.
    ///   - readFile: reads a file that the configuration names with `file:PATH`.
    /// - Throws: `ConfigurationError` for the first thing that is wrong.
    public static func load(
        text: [UInt8]?, fileName: String = "fastrelay.json5", environment: [String: String] = [:],
        readFile: (String) throws -> [UInt8]
    ) throws(ConfigurationError) -> Configuration {
        try withoutActuallyEscaping(readFile) { (readFile) throws(ConfigurationError) in
            try load(
                text: text,
                ConfigurationReader(fileName: fileName, environment: environment, readFile: readFile))
        }
    }

    private static func load(
        text: [UInt8]?, _ reader: ConfigurationReader
    ) throws(ConfigurationError) -> Configuration {
        var configuration = Configuration()
        var file: JSON5Node?
        if let text {
            let node: JSON5Node
            do throws(JSONError) {
                node = try JSON5Node(parsing: text)
            } catch {
                throw ConfigurationError(
                    source: reader.fileName, line: error.line, column: error.column, message: error.message)
            }
            try ConfigurationTable.keys.read(node, reader, into: &configuration)
            file = node
        }
        try configuration.takeEnvironment(reader.environment, besides: file)
        configuration.placeCacheDirectory(besides: file, reader)
        configuration.placeSpoolDirectory(besides: file, reader)
        configuration.placeStore(besides: file, reader)
        configuration.limits.file = configuration.limits.file.map(reader.placed)
        try configuration.checkModels(file, reader)
        try configuration.checkMemcached(file, reader)
        return configuration
    }

    /// Takes the variables of earlier relays for what the file does not set.
    private mutating func takeEnvironment(
        _ environment: [String: String], besides file: JSON5Node?
    ) throws(ConfigurationError) {
        if file?.member("models", "permitted") == nil, let list = environment[Variable.permitted] {
            models.permitted = list.split(separator: ",").map { String($0.trimmingSpaces()) }
                .filter { !$0.isEmpty }
        }
        if file?.member("models", "permitOnly") == nil, let text = environment[Variable.permitOnly] {
            switch text.lowercased()[...].trimmingSpaces() {
            case "true", "1", "yes", "on": models.permitOnly = true
            case "false", "0", "no", "off", "": models.permitOnly = false
            default:
                throw ConfigurationError(
                    source: Variable.permitOnly, message: "expected \"true\" or \"false\"")
            }
        }
        // Who lists servers has listed them all.
        if file?.member("memcached", "host") == nil, file?.member("memcached", "servers") == nil,
            let host = environment[Variable.memcachedHost]
        {
            guard host.isEmpty || MemcachedAddress.isHost(host) else {
                throw ConfigurationError(
                    source: Variable.memcachedHost, message: "expected a host's name or address")
            }
            memcached.host = host.isEmpty ? nil : host
        }
        if file?.member("memcached", "port") == nil, let text = environment[Variable.memcachedPort] {
            guard let port = Int(text), (1...65535).contains(port) else {
                throw ConfigurationError(
                    source: Variable.memcachedPort, message: "expected a whole number from 1 to 65535")
            }
            memcached.port = port
        }
    }

    /// Takes the directory that systemd made (`CacheDirectory=`), if the file names none.
    private mutating func placeCacheDirectory(besides file: JSON5Node?, _ reader: ConfigurationReader) {
        if file?.member("cacheDirectory") == nil {
            cacheDirectory = reader.systemDirectory(Variable.cacheDirectory)
        } else if let directory = cacheDirectory {
            cacheDirectory = reader.placed(directory)
        }
    }

    /// Takes the directory that the environment has for such files, if the file names none.
    private mutating func placeSpoolDirectory(besides file: JSON5Node?, _ reader: ConfigurationReader) {
        if let directory = spoolDirectory {
            spoolDirectory = reader.placed(directory)
        } else if let directory = reader.environment[Variable.temporaryDirectory], !directory.isEmpty {
            spoolDirectory = directory
        }
    }

    /// Takes a file in the directory that systemd made (`StateDirectory=`), if the file names none.
    private mutating func placeStore(besides file: JSON5Node?, _ reader: ConfigurationReader) {
        if file?.member("store", "path") == nil {
            store.path = reader.systemDirectory(Variable.stateDirectory).map { $0 + "/fastrelay.db" }
        } else if let path = store.path {
            store.path = reader.placed(path)
        }
        files.directory = files.directory.map(reader.placed)
    }

    private func checkModels(_ file: JSON5Node?, _ reader: ConfigurationReader) throws(ConfigurationError) {
        if models.permitOnly, models.permitted.isEmpty {
            let message = "only permitted models are to be used, but none is permitted"
            guard let node = file?.member("models", "permitOnly") else {
                throw ConfigurationError(source: Variable.permitOnly, message: message)
            }
            throw reader.error(at: node, message)
        }
    }

    private func checkMemcached(
        _ file: JSON5Node?, _ reader: ConfigurationReader
    ) throws(ConfigurationError) {
        let count = memcached.allServers.count
        // The list by itself was looked at when it was read, so this is the server of `host`.
        if count > Memcached.maximumServers, let node = file?.member("memcached", "host") {
            throw reader.error(
                at: node, "at most \(Memcached.maximumServers) servers, with this one there are \(count)")
        }
        if memcached.username != nil, let node = file?.member("memcached", "username"),
            let server = memcached.servers.first(where: MemcachedAddress.isPath)
        {
            throw reader.error(
                at: node, "a user name cannot be given to a Unix socket, which \"\(server)\" is")
        }
    }

    /// The environment variables: those of earlier relays, two of systemd, and one of POSIX.
    private enum Variable {
        static let permitted = "SUBSET_OF_ONE_MIN_PERMITTED_MODELS"
        static let permitOnly = "PERMIT_MODELS_FROM_SUBSET_ONLY"
        static let memcachedHost = "MEMCACHED_HOST"
        static let memcachedPort = "MEMCACHED_PORT"
        /// systemd.exec(5), `CacheDirectory=`.
        static let cacheDirectory = "CACHE_DIRECTORY"
        /// systemd.exec(5), `StateDirectory=`.
        static let stateDirectory = "STATE_DIRECTORY"
        /// https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
        static let temporaryDirectory = "TMPDIR"
    }

    /// The whole configuration as a file that sets every key, secrets as `•••`.
    public func effectiveDescription() -> String {
        ConfigurationTable.keys.write(self).indented() + "\n"
    }
}

extension ConfigurationReader {
    /// A directory that systemd made; `nil` when it made none.
    fileprivate func systemDirectory(_ variable: String) -> String? {
        // More than one is separated by colons: systemd.exec(5).
        environment[variable]?.split(separator: ":").first.map { String($0) }
    }

    /// A path, where it is relative to the file's folder made independent of where the process runs.
    fileprivate func placed(_ path: String) -> String {
        guard path.utf8.first != UInt8(ascii: "/"),
            let slash = fileName.utf8.lastIndex(of: UInt8(ascii: "/"))
        else { return path }
        return fileName[...slash] + path
    }
}

extension Configuration.Provider {
    /// A name is 1 to 32 of a-z, 0-9, `-` and `_`, so that it is recognised before a colon and fits a log line.
    static let maximumNameBytes = 32

    /// Throws unless a provider may have this name beside those before it.
    @Sendable static func checkName(
        _ member: JSON5Node.Member, _ others: [Configuration.Provider], _ reader: ConfigurationReader
    ) throws(ConfigurationError) {
        let isPlain = member.key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, (1...maximumNameBytes).contains(member.key.utf8.count) else {
            throw ConfigurationError(
                source: reader.fileName, line: member.keyLine, column: member.keyColumn,
                message: "a provider's name is 1 to \(maximumNameBytes) of a-z, 0-9, \"-\" and \"_\"")
        }
    }
}

extension JSON5Node {
    /// The node at a path of keys; `nil` when there is none.
    fileprivate func member(_ section: String, _ key: String) -> JSON5Node? {
        self[section]?[key]
    }

    /// The node of a key at the top; `nil` when there is none.
    fileprivate func member(_ key: String) -> JSON5Node? {
        self[key]
    }

    /// The value of a key; `nil` when it is absent or this is no object.
    private subscript(key: String) -> JSON5Node? {
        guard case .object(let members) = kind else { return nil }
        return members.first { $0.key == key }?.value
    }
}
