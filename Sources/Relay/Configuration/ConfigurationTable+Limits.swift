extension ConfigurationTable {
    /// The keys of `limits`: what is too large and too long, and what is too much.
    static let limits: [ConfigurationKey<Configuration.Limits>] = [
        ConfigurationKey("bodyBytes", \.bodyBytes, .integer(in: 1024...(1 << 30)), "Longest request body."),
        ConfigurationKey(
            "bodyTimeout", \.bodyTimeout, .duration(in: .milliseconds(100)...hour),
            "How long reading a request body may take."),
        ConfigurationKey(
            "offloadBytes", \.offloadBytes, .integer(in: 1024...(1 << 30)),
            "Longer bodies are decoded away from the event loops."),
        ConfigurationKey(
            "eventBytes", \.eventBytes, .integer(in: 4096...(1 << 30)),
            "Longest event of an upstream's stream, beyond the echo of the request in it."),
        ConfigurationKey(
            "answerBytes", \.answerBytes, .integer(in: 4096...(1 << 30)),
            "Longest answer that is sent as a whole, beyond the echo of the request in it."),
        ConfigurationKey(
            "credentialBytes", \.credentialBytes, .integer(in: 64...65536), "Longest key of a caller."),
        ConfigurationKey(
            "choices", \.choices, .integer(in: 1...8),
            "Most answers (`n`) of one request; each is a paid call."),
        ConfigurationKey(
            "fileBytes", \.fileBytes, .integer(in: 1024...(1 << 30)), "Longest file that goes to a vendor."),
        ConfigurationKey(
            "imagePixels", \.imagePixels, .integer(in: 1024...(1 << 40)),
            "Most pixels of a picture that goes to a vendor."),
        ConfigurationKey(
            "attachments", \.attachments, .integer(in: 0...1000),
            "Most pictures and documents of one request."),
        ConfigurationKey(classes: "caller", \.caller, rules(of: "one caller")),
        ConfigurationKey(classes: "address", \.address, rules(of: "one address")),
        ConfigurationKey(section: "exempt", \.exempt, exempt),
        ConfigurationKey(
            "outputReserve", \.outputReserve, .integer(in: 0...LimitRecord.maximumReservation),
            "Tokens of an answer that are reserved at most until it is known how many there are."),
        ConfigurationKey(
            "lease", \.lease, .duration(in: .seconds(5)...hour),
            "After what time a process that was killed holds nothing any more."),
        ConfigurationKey(
            "secret", \.secret, .optional(.secret),
            "What the hashes of keys and addresses are made with, the same on all machines that share counts; `null` makes them of what everybody knows."
        ),
        ConfigurationKey(
            "file", \.file, .optional(.text),
            "File in which the processes of this machine share their counts, relative to this file's; `null` is one that all of them find."
        ),
        ConfigurationKey(
            "wrongKeysPerMinute", \.wrongKeysPerMinute, count,
            "Requests with a missing or wrong key from one address in any 60 seconds; `null` is no limit."),
        ConfigurationKey(
            "wrongKeyMemory", \.wrongKeyMemory, .optional(.duration(in: .seconds(1)...hour)),
            "How long a key that a vendor refused is refused without asking again; `null`, or a second provider, always asks."
        ),
    ]

    /// The limits of one class, of whoever the words name.
    private static func rules(of subject: String) -> [ConfigurationKey<LimitRules>] {
        [
            ConfigurationKey(
                "requestsPerMinute", \.requestsPerMinute, count,
                "Requests of \(subject) in any 60 seconds. `<class>` is `text`, `image`, `audio` or `files`; without it, all of them."
            ),
            ConfigurationKey("requestsPerDay", \.requestsPerDay, count, "The same in any 24 hours."),
            ConfigurationKey(
                "tokensPerMinute", \.tokensPerMinute, count,
                "Tokens of \(subject), of prompts and answers together, in any 60 seconds; only `text` has any."
            ),
            ConfigurationKey("tokensPerDay", \.tokensPerDay, count, "The same in any 24 hours."),
            ConfigurationKey(
                "concurrent", \.concurrent, count,
                "Requests of \(subject) that are being answered at one moment."),
            ConfigurationKey(
                "onStoreFailure", \.onStoreFailure, .choice,
                "While memcached cannot be asked, the machine counts alone, everything is refused, or nothing is counted."
            ),
        ]
    }

    private static let exempt: [ConfigurationKey<Configuration.Exempt>] = [
        ConfigurationKey(
            "networks", \.networks, .list(of: .network, maximum: 1000),
            "Networks, such as `10.1.0.0/16`, whose requests are not counted."),
        ConfigurationKey(
            "callers", \.callers, .list(of: .secret, maximum: 1000),
            "Keys whose requests are not counted, or `file:PATH` for each."),
    ]

    /// The keys of `health`.
    static let health: [ConfigurationKey<Configuration.Health>] = [
        ConfigurationKey(
            "networks", \.networks, .list(of: .network, maximum: 1000),
            "Networks that `/health?verbose` tells how the relay is.")
    ]

    /// The keys of `memcached`.
    static let memcached: [ConfigurationKey<Configuration.Memcached>] = [
        ConfigurationKey(
            "servers", \.servers,
            .list(of: .memcachedServer, maximum: Configuration.Memcached.maximumServers),
            "Servers that keep the counts for all machines: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`, in the same order everywhere."
        ),
        ConfigurationKey(
            "host", \.host, .optional(.memcachedHost), "One more server, by itself. Also MEMCACHED_HOST."),
        ConfigurationKey("port", \.port, .integer(in: 1...65535), "Its port. Also MEMCACHED_PORT."),
        ConfigurationKey(
            "namespace", \.namespace, .memcachedNamespace,
            "What all keys begin with; installations with the same one share counts."),
        ConfigurationKey(
            "username", \.username, .optional(.text),
            "Who the relay is to servers that ask (SASL); `null` does not say."),
        ConfigurationKey("password", \.password, .optional(.secret), "The password to it."),
        ConfigurationKey(
            "timeout", \.timeout, .duration(in: .milliseconds(1)...Duration.seconds(10)),
            "How long a connection, or an answer, may take."),
    ]

    /// A limit, or none.
    private static let count = ConfigurationType<Int?>.optional(.integer(in: 1...1_000_000_000))
}

extension Configuration.Limits {
    /// What `limits: null` means: sizes stay, but nothing is counted, and no key is refused without asking.
    @Sendable static func countNothing(_ limits: inout Self) {
        limits.caller = Configuration.ClassLimits(LimitRules())
        limits.address = Configuration.ClassLimits(LimitRules())
        limits.wrongKeysPerMinute = nil
        limits.wrongKeyMemory = nil
    }
}
