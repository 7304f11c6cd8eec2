import Dialects

/// Every key of the file.
public enum ConfigurationTable {
    /// The keys with types, defaults and meanings, for the table in README.
    public static var rows: [ConfigurationRow] { keys.rows("", Configuration()) }

    /// The whole file.
    static let keys: [ConfigurationKey<Configuration>] = [
        ConfigurationKey(
            "listen", \.listen, .listenAddress,
            "Where to accept the web server's connections: `unix:PATH`, `tcp:HOST:PORT` or `fd:N`."),
        ConfigurationKey("protocol", \.wireProtocol, .choice, "What the web server speaks on them."),
        ConfigurationKey("socketMode", \.socketMode, .socketMode, "Permission bits of the Unix socket."),
        ConfigurationKey(
            "socketGroup", \.socketGroup, .optional(.text),
            "Group that owns the Unix socket; `null` leaves the process's own."),
        ConfigurationKey("loops", \.loops, .integer(in: 0...256), "Event loops; 0 means one per core."),
        ConfigurationKey(
            "drainTimeout", \.drainTimeout, .duration(in: .zero...hour),
            "How long running exchanges may go on after SIGTERM."),
        ConfigurationKey(
            "heartbeat", \.heartbeat, .optional(.duration(in: .milliseconds(10)...hour)),
            "Longest silence on a stream before a comment is sent; `null` sends none."),
        ConfigurationKey(
            "cacheDirectory", \.cacheDirectory, .optional(.text),
            "Directory in which processes share lists of models, relative to this file's; `null` is none. Also CACHE_DIRECTORY."
        ),
        ConfigurationKey(
            "spoolDirectory", \.spoolDirectory, .optional(.text),
            "Directory for long uploads while they are answered, in files without a name, relative to this file's; `null` is TMPDIR, or `/tmp`."
        ),
        ConfigurationKey(section: "store", \.store, store),
        ConfigurationKey(section: "files", \.files, files),
        ConfigurationKey(
            named: "providers", \.providers, standard: Configuration.Provider(), identifier: \.name, provider,
            checkName: Configuration.Provider.checkName),
        ConfigurationKey(section: "models", \.models, models),
        ConfigurationKey(section: "emulation", \.emulation, emulation),
        ConfigurationKey(section: "limits", \.limits, limits, orNull: Configuration.Limits.countNothing),
        ConfigurationKey(section: "fetch", \.fetch, fetch),
        ConfigurationKey(section: "health", \.health, health),
        ConfigurationKey(section: "memcached", \.memcached, memcached),
        ConfigurationKey(section: "log", \.log, log),
    ]

    static let hour = Duration.seconds(3600)
    private static let day = Duration.seconds(86400)

    private static let provider: [ConfigurationKey<Configuration.Provider>] = [
        ConfigurationKey("kind", \.kind, .choice, "The vendor's interface."),
        ConfigurationKey(
            "baseURL", \.baseURL, .baseURL,
            "Where the interface is. `https`, for callers' keys travel on it; `http` only inside private networks."
        ),
        ConfigurationKey("assetBaseURL", \.assetBaseURL, .baseURL, "Where generated files are fetched from."),
        ConfigurationKey(
            "proxy", \.proxy, .optional(.secret),
            "URL of a proxy, or `file:PATH`; `null` leaves it to the environment (`https_proxy`, `no_proxy`)."
        ),
        ConfigurationKey(
            "caFile", \.caFile, .optional(.text),
            "PEM file of certificate authorities instead of the system's."),
        ConfigurationKey("http2", \.http2, .flag, "Whether HTTP/2 may be used."),
        ConfigurationKey(section: "timeouts", \.timeouts, timeouts),
        ConfigurationKey(section: "mediaTimeouts", \.mediaTimeouts, mediaTimeouts),
        ConfigurationKey(
            "assetLifetime", \.assetLifetime, .duration(in: .zero...day * 30),
            "How long an uploaded file is taken to be there still, so that the same is not uploaded again."),
        ConfigurationKey(section: "webSearch", \.webSearch, webSearch),
    ]

    private static let timeouts: [ConfigurationKey<Timeouts>] = [
        ConfigurationKey(
            "connect", \.connect, .timeout,
            "Until the connection is there: name, TCP, proxy and TLS together."),
        ConfigurationKey(
            "firstByte", \.firstByte, .timeout, "From the connection to the head of a streamed answer."),
        ConfigurationKey(
            "firstEvent", \.firstEvent, .timeout,
            "To the first piece of a streamed answer, or to the head of one that is not streamed."),
        ConfigurationKey("idle", \.idle, .timeout, "Between two pieces of an answer."),
        ConfigurationKey("total", \.total, .timeout, "From the start to the end."),
    ]

    private static let mediaTimeouts: [ConfigurationKey<Configuration.MediaTimeouts>] = [
        ConfigurationKey("image", \.image, .timeout, "To the answer to a call for pictures."),
        ConfigurationKey("audio", \.audio, .timeout, "To the answer to a call that speaks or listens."),
        ConfigurationKey("transfer", \.transfer, .timeout, "To the end of moving one file, up or down."),
    ]

    private static let webSearch: [ConfigurationKey<Configuration.WebSearch>] = [
        ConfigurationKey(
            "numOfSite", \.numOfSite, .optional(.integer(in: 1...10)),
            "Sites that a web search reads where the request does not say; `null` leaves it to the vendor."),
        ConfigurationKey(
            "maxWord", \.maxWord, .optional(.integer(in: 1...100_000)),
            "Words that it takes over from them; `null` leaves it to the vendor."),
    ]

    private static let models: [ConfigurationKey<Configuration.Models>] = [
        ConfigurationKey(
            "default", \.defaultModel, .optional(.text),
            "Model of a request that names none; `null` means the first permitted one, or an error without any."
        ),
        ConfigurationKey(
            "permitted", \.permitted, .list(of: .text, maximum: 10_000),
            "Models that `/v1/models` shows; empty means all. Also SUBSET_OF_ONE_MIN_PERMITTED_MODELS."),
        ConfigurationKey(
            "permitOnly", \.permitOnly, .flag,
            "Whether models beyond `permitted` are refused. Also PERMIT_MODELS_FROM_SUBSET_ONLY."),
        ConfigurationKey(
            "aliases", \.aliases, .names(to: .text, maximum: 10_000),
            "Names of your own, each with the model it stands for."),
        ConfigurationKey(
            "refresh", \.refresh, .duration(in: .seconds(1)...day),
            "How old the vendor's list may grow before it is fetched again."),
    ]

    private static let emulation: [ConfigurationKey<Configuration.Emulation>] = [
        ConfigurationKey(
            "askAgain", \.askAgain, .flag,
            "Whether a model is asked a second time, a paid call, when its tool call or its JSON cannot be used."
        ),
        ConfigurationKey(
            "thinkTags", \.thinkTags, .flag,
            "Whether `<think>` at the beginning of an answer becomes reasoning."),
    ]

    private static let fetch: [ConfigurationKey<Configuration.Fetch>] = [
        ConfigurationKey(
            "maximumBytes", \.maximumBytes, .integer(in: 1024...(1 << 30)),
            "Longest file that is fetched from an address in a request."),
        ConfigurationKey(
            "timeout", \.timeout, .duration(in: .milliseconds(100)...hour),
            "How long that may take, redirects included."),
        ConfigurationKey(
            "networks", \.networks, .list(of: .network, maximum: 1000),
            "Networks, such as `10.1.0.0/16`, that are fetched from although the internet does not reach them."
        ),
        ConfigurationKey(
            "caFile", \.caFile, .optional(.text),
            "PEM file of certificate authorities instead of the system's."),
    ]

    private static let store: [ConfigurationKey<Configuration.Store>] = [
        ConfigurationKey(
            "path", \.path, .optional(.text),
            "Database file that keeps answers and conversations, relative to this file's; `null` keeps none. Also STATE_DIRECTORY."
        ),
        ConfigurationKey(
            "retention", \.retention, .duration(in: .seconds(60)...day * 365),
            "How long an answer is kept after it was made, and a conversation after it was changed."),
        ConfigurationKey(
            "maximumBytes", \.maximumBytes, .integer(in: (1 << 20)...(1 << 40)),
            "What the file may grow to; then the oldest answers go. One caller may have a quarter of it, and 256 MiB."
        ),
    ]

    private static let files: [ConfigurationKey<Configuration.Files>] = [
        ConfigurationKey(
            "directory", \.directory, .optional(.text),
            "Directory that has the bytes of uploaded files, relative to this file's; `null` is one beside `store.path`, which keeps the rest: without it no files are kept."
        ),
        ConfigurationKey(
            "retention", \.retention, .optional(.duration(in: .seconds(60)...day * 3650)),
            "How long a file is kept at most; `null` keeps it until it is deleted or expires as its upload said."
        ),
        ConfigurationKey(
            "maximumBytes", \.limits.maximumBytes, .integer(in: (1 << 20)...(1 << 50)),
            "What all files may have together; then nothing more is taken."),
        ConfigurationKey(
            "callerBytes", \.limits.callerBytes, .integer(in: (1 << 20)...(1 << 50)),
            "What all files of one caller may have together."),
        ConfigurationKey(
            "callerFiles", \.limits.callerFiles, .integer(in: 1...1_000_000), "Files of one caller."),
    ]

    private static let log: [ConfigurationKey<Configuration.Log>] = [
        ConfigurationKey(
            "level", \.level, .choice, "Lines below it are left out; exchanges are logged at `info`.")
    ]
}

extension ConfigurationType where Value == Duration? {
    /// A time-out of a provider, up to a day; `null` is none.
    fileprivate static let timeout = optional(.duration(in: .milliseconds(1)...Duration.seconds(86400)))
}
