/// Everything an operator can set, checked, with a default for each of it.
///
/// `ConfigurationTable` names the keys under which the file sets these properties.
public struct Configuration: Sendable, Equatable {
    /// Where to accept connections of the web server.
    public var listen = ListenAddress.unix(path: "/run/fastrelay/fastrelay.sock")
    /// What the web server speaks on them.
    public var wireProtocol = WireProtocol.fastcgi
    /// The permission bits of the Unix socket.
    public var socketMode = 0o660
    /// The group that owns the Unix socket; `nil` leaves the process's own.
    public var socketGroup: String?
    /// How many event loops run; 0 means one per core.
    public var loops = 0
    /// How long running exchanges may go on after SIGTERM.
    public var drainTimeout = Duration.seconds(30)
    /// Where processes share the vendors' lists of models; `nil` shares nothing.
    public var cacheDirectory: String?
    /// Where request bodies are put that are too long for memory; `nil` is `standardSpoolDirectory`.
    public var spoolDirectory: String?
    /// What is kept for callers who come back to it.
    public var store = Store()
    /// What is kept of files that callers upload.
    public var files = Files()
    /// The vendors, in the order of the file; never empty.
    public var providers = [Provider()]
    /// Which models there are and what they are called.
    public var models = Models()
    /// What the relay makes of the text of models that have no tools, no JSON form and no thoughts of their own.
    public var emulation = Emulation()
    /// What is too large and too long.
    public var limits = Limits()
    /// How what a client names by its address is fetched.
    public var fetch = Fetch()
    /// The longest silence on a stream before a comment is sent; `nil` sends none.
    public var heartbeat: Duration? = .seconds(10)
    /// Who is told how the relay is.
    public var health = Health()
    /// The memcached servers that keep the counts of limits for all workers.
    public var memcached = Memcached()
    /// What is logged.
    public var log = Log()

    /// The configuration of a worker without a file and without environment variables.
    public init() {}

    /// Where every system lets programs put what is gone with them.
    public static let standardSpoolDirectory = "/tmp"

    /// What a web server can speak to the worker.
    public enum WireProtocol: String, Sendable, CaseIterable {
        case fastcgi
        case scgi
    }

    /// What the relay makes of a model's text by itself.
    public struct Emulation: Sendable, Equatable {
        /// Whether a model whose answer cannot be used is asked a second time, which is paid for like the first.
        public var askAgain = true
        /// Whether text in think tags at the beginning of an answer is reasoning.
        public var thinkTags = true
    }

    /// What is kept for callers who come back to it: answers and conversations.
    public struct Store: Sendable, Equatable {
        /// The database file; `nil` keeps nothing.
        public var path: String?
        /// How long an answer is kept after it was made, and a conversation after it was changed.
        public var retention = StoreLimits().retention
        /// What the file may grow to, in bytes.
        public var maximumBytes = 1 << 30
    }

    /// What is kept of files that callers upload; nothing without `store.path`.
    public struct Files: Sendable, Equatable {
        /// The directory that has their bytes; `nil` is one beside the database file, with its name and `-files`.
        public var directory: String?
        /// How long a file is kept after it was uploaded; `nil` keeps it until it is deleted, or as long as it says.
        public var retention: Duration?
        /// How much is kept.
        public var limits = FileLimits()
    }

    /// The memcached servers shared by workers, in this order and with these names on all machines.
    public struct Memcached: Sendable, Equatable {
        /// The servers: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`; empty means there is none.
        public var servers: [String] = []
        /// One more server, by the variables that other relays read; `nil` means there is none.
        public var host: String?
        /// Its port.
        public var port = 11211
        /// What all keys begin with: 1 to 32 letters, digits, `-` and `_`. Installations with the same one share counts.
        public var namespace = "fastrelay"
        /// Who the relay is to servers that ask (SASL); `nil` does not say.
        public var username: String?
        /// Its password.
        public var password: Secret?
        /// How long a connection, or an answer, may take.
        public var timeout = Duration.milliseconds(100)
    }

    /// What is logged.
    public struct Log: Sendable, Equatable {
        /// Lines below this level are left out; exchange records have level `info`.
        public var level = LogLevel.info
    }
}

extension Configuration {
    /// How to reach one vendor.
    public struct Provider: Sendable, Equatable {
        /// The interfaces of vendors that are known.
        public enum Kind: String, Sendable, CaseIterable {
            /// https://docs.1min.ai
            case oneMin = "1min"
        }

        /// The name that `name:model` refers to and that log lines carry.
        public var name = "onemin"
        /// The vendor's interface.
        public var kind = Kind.oneMin
        /// Where the interface is.
        public var baseURL: UpstreamAddress
        /// Where generated files are fetched from.
        public var assetBaseURL: UpstreamAddress
        /// The proxy's URL, which can hold a password; `nil` leaves it to the environment.
        public var proxy: Secret?
        /// A PEM file of certificate authorities instead of the system's.
        public var caFile: String?
        /// Whether HTTP/2 may be used.
        public var http2 = true
        /// When to give up.
        public var timeouts = Timeouts()
        /// How long making and moving pictures and sound may take.
        public var mediaTimeouts = MediaTimeouts()
        /// How long an uploaded file is taken to be there still.
        public var assetLifetime = Duration.seconds(86400)
        /// How web searches are done where the request does not say.
        public var webSearch = WebSearch()

        /// A provider named `onemin` with the defaults of 1min.ai.
        public init() {
            baseURL = .oneMin
            assetBaseURL = .oneMinAssets
        }
    }

    /// How long a vendor may take for what is no text; `nil` means without limit.
    public struct MediaTimeouts: Sendable, Equatable {
        /// Until the answer to a call for pictures: Midjourney's slow mode takes up to ten minutes.
        public var image: Duration? = .seconds(900)
        /// Until the answer to a call that speaks or listens.
        public var audio: Duration? = .seconds(600)
        /// Until one file is moved, up or down.
        public var transfer: Duration? = .seconds(600)
    }

    /// How web searches are done where the request does not say; `nil` leaves it to the vendor.
    public struct WebSearch: Sendable, Equatable {
        /// How many sites are read.
        public var numOfSite: Int?
        /// How many words are taken over from them.
        public var maxWord: Int?
    }

    /// Which models there are and what they are called.
    public struct Models: Sendable, Equatable {
        /// The model of a request that names none; `nil` means the first permitted one, or an error without any.
        public var defaultModel: String?
        /// The models that `/v1/models` shows; empty means all.
        public var permitted: [String] = []
        /// Whether models beyond `permitted` are refused.
        public var permitOnly = false
        /// Names of the operator's own, each with the model it stands for.
        public var aliases: [String: String] = [:]
        /// How old the vendor's list may grow before it is fetched again.
        public var refresh = Duration.seconds(600)
    }

    /// What is too large and too long.
    public struct Limits: Sendable, Equatable {
        /// The longest request body, in bytes.
        public var bodyBytes = 64 << 20
        /// How long reading a request body may take.
        public var bodyTimeout = Duration.seconds(60)
        /// Longer bodies are decoded away from the event loop, in bytes.
        public var offloadBytes = 256 << 10
        /// The longest event of an upstream's stream, in bytes, beyond the echo of the request in it.
        public var eventBytes = 16 << 20
        /// The longest answer that is sent as a whole, in bytes, beyond the echo of the request in it.
        public var answerBytes = 32 << 20
        /// The longest credential, in bytes.
        public var credentialBytes = 1024
        /// The most answers (`n`) of one request.
        public var choices = 8
        /// The longest file that goes to a vendor, in bytes.
        public var fileBytes = 50 << 20
        /// The most pixels of a picture that goes to a vendor.
        public var imagePixels = 100_000_000
        /// The most pictures and documents of one request.
        public var attachments = 100
        /// How much one caller may do.
        public var caller = ClassLimits(LimitRules(requestsPerMinute: 180, concurrent: 64))
        /// How much all callers of one address may do together.
        public var address = ClassLimits(LimitRules(requestsPerMinute: 600))
        /// Who is not limited.
        public var exempt = Exempt()
        /// How many tokens of an answer are reserved at most before it is known how many there are.
        public var outputReserve = 4096
        /// After what time a process that was killed holds nothing any more.
        public var lease = Duration.seconds(60)
        /// What makes hashes of credentials and addresses, the same on all machines; `nil` makes them of what everybody knows.
        public var secret: Secret?
        /// The file in which the processes of this machine share their counts; `nil` is one that all of them find.
        public var file: String?
        /// How many wrong keys a minute may come from one address.
        public var wrongKeysPerMinute: Int? = 30
        /// How long a key that a vendor refused is refused without asking; `nil` always asks.
        public var wrongKeyMemory: Duration? = .seconds(60)
    }

    /// The limits of each class.
    public struct ClassLimits: Sendable, Equatable {
        /// Of chats.
        public var text: LimitRules
        /// Of pictures.
        public var image: LimitRules
        /// Of sound.
        public var audio: LimitRules
        /// Of files.
        public var files: LimitRules

        /// The same for each.
        public init(_ rules: LimitRules) {
            text = rules
            image = rules
            audio = rules
            files = rules
        }

        /// The limits of a class.
        public subscript(limitClass: LimitClass) -> LimitRules {
            switch limitClass {
            case .text: text
            case .image: image
            case .audio: audio
            case .files: files
            }
        }
    }

    /// Who is not limited, whatever he does.
    public struct Exempt: Sendable, Equatable {
        /// Where he comes from.
        public var networks: [NetworkBlock] = []
        /// The credential he shows.
        public var callers: [Secret] = []
    }

    /// Who is told how the relay is (`/health?verbose`).
    public struct Health: Sendable, Equatable {
        /// Where he comes from.
        public var networks: [NetworkBlock] = ["127.0.0.0/8", "::1/128"].compactMap(NetworkBlock.init)
    }

    /// How what a client names by its address is fetched.
    public struct Fetch: Sendable, Equatable {
        /// The longest file, in bytes.
        public var maximumBytes = 20 << 20
        /// How long it may take, redirects included.
        public var timeout = Duration.seconds(20)
        /// Networks that are fetched from although the internet does not reach them.
        public var networks: [NetworkBlock] = []
        /// A PEM file of certificate authorities instead of the system's.
        public var caFile: String?
    }
}
