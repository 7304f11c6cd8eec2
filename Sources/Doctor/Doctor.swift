internal import Curl
internal import EventLoop
internal import Glibc
public import Relay
internal import Synchronization

/// Looks at a deployment of Fastrelay from outside, as a client does, and says what is right and what is not.
///
/// It makes some fifteen calls and none that could cost anything. The key is sent once, to the relay's `/v1/health/key`,
/// over valid TLS or within a private network only; it is never printed. No redirect is followed, and no proxy of the
/// environment is asked: what it does would be taken for the deployment's doing.
public enum Doctor {
    /// What to look at, and how.
    public struct Options: Sendable, Equatable {
        /// Where the deployment is.
        public var url: DeploymentURL
        /// The caller's key at the vendor; nil to try none.
        public var key: Secret?
        /// Whether to leave out what takes long.
        public var isQuick = false
        /// A PEM file of certificate authorities instead of the system's.
        public var certificateFile: String?
        /// The page that is to call, as `https://chat.example.org`; nil for one that does not exist.
        public var origin: String?
        /// How long a silence has to be borne, in seconds: 1 to 120. Many servers and proxies give up after 60.
        public var waitSeconds = 65

        /// The defaults.
        public init(url: DeploymentURL) {
            self.url = url
        }
    }

    /// The system has no descriptors, threads or memory for it.
    public struct CannotRun: Error, CustomStringConvertible {
        /// Why, in a sentence.
        public let description: String
    }

    /// A relay that has all that the doctor asks for.
    static let sufficientVersion = Relay.version
    /// The id that its first request has, in the relay's log and in the answer.
    static let requestID = "fastrelay-doctor"
    /// How many events its streams have.
    static let streamEvents = 10
    /// How far apart they are.
    static let streamGap = Duration.milliseconds(200)

    /// Looks at a deployment; takes a few seconds, or a few more than `waitSeconds` unless quick. The calling thread
    /// waits meanwhile.
    ///
    /// - Throws: `CannotRun`; that a deployment does not answer is a finding.
    public static func examine(_ options: Options) throws(CannotRun) -> Report {
        // A server that closes early must not end the process.
        signal(SIGPIPE, SIG_IGN)
        let loop: EventLoop
        let pool: TransferPool
        do {
            loop = try EventLoop()
            pool = try TransferPool(loop: loop)
        } catch {
            throw CannotRun(description: "\(error)")
        }
        let examination = Examination(options, pool: pool)
        let box = Box()
        Task(executorPreference: loop) {
            let seen = await examination.run()
            box.seen.withLock { $0 = seen }
            loop.stop()
        }
        loop.run()
        guard let seen = box.seen.withLock({ $0 }) else {
            throw CannotRun(description: "the examination ended without a result")
        }
        return Report(seen, key: options.key)
    }
}

/// What the loop's thread leaves for the caller's.
private final class Box: Sendable {
    let seen = Mutex<Observations?>(nil)
}
