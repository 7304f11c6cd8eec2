internal import CMemcached
internal import Glibc

/// A connection to one server, made when it is needed, and again after it failed.
///
/// All calls block, for at most a few times the time-out each, and longer only while a host name is looked up or a server
/// sends its answer byte by byte; they belong on a thread of their own, one at a time.
///
/// After any error the connection is thrown away with all that libmemcached remembers of the server: no late answer is
/// taken for the next question's, and when to try again is the caller's business alone.
///
/// The server is trusted: libmemcached does not check all that a malicious one could send.
@safe public final class MemcachedConnection {
    /// How to reach a server.
    public struct Options: Sendable, Equatable {
        /// How long making a connection, or one answer, may take; whole milliseconds, 1 ms to one minute.
        public var timeout = Duration.milliseconds(100)
        /// Who to be (SASL, by the binary protocol, and by TCP only); nil does not say.
        public var username: String?
        /// The password.
        public var password = ""

        /// The defaults.
        public init() {}
    }

    /// A value that was fetched.
    public struct Item: Sendable, Equatable {
        /// Its bytes.
        public var bytes: [UInt8]
        /// What it has to be still when it is replaced.
        public var version: UInt64

        /// Puts it together, as a server would.
        public init(bytes: [UInt8], version: UInt64) {
            self.bytes = bytes
            self.version = version
        }
    }

    /// A value that is to be put in the place of one that was fetched, or of none.
    public struct Replacement: Sendable {
        /// Where: 1 to 250 letters, digits and `:-_`.
        public var key: String
        /// What: at most `maximumValueBytes`, and different from all that others put there.
        public var bytes: [UInt8]
        /// That of the value that was fetched; nil where there was none.
        public var version: UInt64?
        /// For how long, in seconds: at least 1 and at most 30 days.
        public var seconds: Int

        /// Puts it together.
        public init(_ key: String, with bytes: [UInt8], ifStill version: UInt64?, expiringAfter seconds: Int)
        {
            self.key = key
            self.bytes = bytes
            self.version = version
            self.seconds = seconds
        }
    }

    /// How large a value may be, in bytes.
    public static let maximumValueBytes = 65_536
    /// How long a value may be kept, in seconds: memcached takes larger numbers for a date.
    static let maximumSeconds = 30 * 86_400

    /// How much longer a call may take for each value that is written. A server that is well needs a tenth of that.
    private static let patiencePerValue = Duration.milliseconds(2)

    /// Where the server is.
    public let server: MemcachedServer
    private let options: Options
    /// libmemcached's own object; nil until it is needed, and after an error.
    private var handle: UnsafeMutablePointer<memcached_st>?
    /// What libmemcached puts a value into; made and freed with `handle`.
    private let result = UnsafeMutablePointer<memcached_result_st>.allocate(capacity: 1)
    /// Whether an answer has come by the connection.
    private var hasAnswered = false
    /// How many connections were begun. The version of a value is worth nothing by another one than it was fetched by: a
    /// server that is restarted counts from the beginning.
    public private(set) var connectionCount = 0

    /// A connection that is not made yet.
    public init(_ server: MemcachedServer, _ options: Options) throws(MemcachedError) {
        self.server = server
        var options = options
        options.timeout = min(max(options.timeout, .milliseconds(1)), .seconds(60))
        self.options = options
        // It authenticates TCP connections only, without a word.
        if case .unix = server, options.username != nil {
            throw MemcachedError(reason: "a user name cannot be given to a Unix socket")
        }
    }

    deinit {
        disconnect()
        unsafe result.deallocate()
    }

    /// Fetches values, all in one go. `memcached_mget`
    ///
    /// - Parameter keys: each 1 to 250 letters, digits and `:-_`.
    /// - Returns: one for each key, in their order; nil where there is none, and no bytes where there are more than
    ///   `maximumValueBytes`.
    public func fetch(_ keys: [String]) throws(MemcachedError) -> [Item?] {
        try exchange(keys, [])
    }

    /// Puts values in the places of those that were fetched if they are still there, and fetches what is there then, all
    /// in one go: no answer is waited for but the last. `memcached_cas`, `memcached_add`, `memcached_mget`
    ///
    /// Which were replaced is to be seen from what is there; hence each value has to be unlike all others.
    ///
    /// When it throws, any of it may have happened.
    ///
    /// - Returns: one for each, in their order; nil where there is none.
    public func replace(_ replacements: [Replacement]) throws(MemcachedError) -> [Item?] {
        guard replacements.allSatisfy({ $0.bytes.count <= Self.maximumValueBytes }) else {
            throw MemcachedError(reason: "the value is too large")
        }
        return try exchange(replacements.map(\.key), replacements)
    }

    /// Closes the connection; the next call makes a new one.
    public func disconnect() {
        hasAnswered = false
        guard let handle = unsafe handle else { return }
        // It says farewell, and must not wait until a server that hangs has room for that.
        unsafe memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, 0)
        unsafe memcached_result_free(result)
        unsafe memcached_free(handle)
        unsafe self.handle = nil
    }
}

extension MemcachedConnection {
    /// What went wrong, with what is to be known of it here.
    private struct Failure: Error {
        var `public`: MemcachedError
        /// Whether the server had closed the connection.
        var isClosed = false
    }

    private func exchange(_ keys: [String], _ replacements: [Replacement]) throws(MemcachedError) -> [Item?] {
        let list = try KeyList(keys)
        if list.isEmpty { return [] }
        let isReused = hasAnswered
        do {
            return try exchange(list, replacements)
        } catch {
            // A server may close a connection that was idle, and all of them when it is restarted. To ask once more does
            // no harm, and seldom takes longer: it was not a time-out.
            guard isReused, error.isClosed else { throw error.public }
        }
        // Not to write, for the versions are those of another connection.
        do { return try fetch(list) } catch { throw error.public }
    }

    private func exchange(_ list: KeyList, _ replacements: [Replacement]) throws(Failure) -> [Item?] {
        if !replacements.isEmpty { try write(list, replacements) }
        let items = try fetch(list)
        for (item, replacement) in zip(items, replacements) where item?.version == replacement.version {
            // Such as one that it takes for too large or has no room for, of which it says nothing when no answer is wanted.
            throw failure("the server does not keep what is written")
        }
        return items
    }

    /// Writes values without waiting for answers, but for errors, which come before what is fetched next.
    private func write(_ list: KeyList, _ replacements: [Replacement]) throws(Failure) {
        let handle = unsafe try connected()
        // In the binary protocol the answers that say that a value is another one come in any case, and libmemcached takes
        // them for those to the next question.
        let waits = options.username != nil
        let deadline =
            ContinuousClock.now + options.timeout * 2 + Self.patiencePerValue * replacements.count
        unsafe memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_NOREPLY, waits ? 0 : 1)
        let code = unsafe list.withPointers { keys, lengths in
            for (index, replacement) in replacements.enumerated() {
                if ContinuousClock.now > deadline { return MEMCACHED_TIMEOUT }
                let code = unsafe Self.write(replacement, keys[index], lengths[index], by: handle)
                switch code {
                case MEMCACHED_SUCCESS, MEMCACHED_NOTSTORED, MEMCACHED_DATA_EXISTS, MEMCACHED_NOTFOUND: break
                default: return code
                }
            }
            return MEMCACHED_SUCCESS
        }
        guard code == MEMCACHED_SUCCESS else { throw failure(code) }
        unsafe memcached_behavior_set(handle, MEMCACHED_BEHAVIOR_NOREPLY, 0)
    }

    private static func write(
        _ replacement: Replacement, _ key: UnsafePointer<CChar>?, _ length: Int,
        by handle: UnsafeMutablePointer<memcached_st>
    ) -> memcached_return_t {
        let expiry = min(max(replacement.seconds, 1), maximumSeconds)
        return unsafe replacement.bytes.withUnsafeBytes { value in
            let start = unsafe value.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard let version = replacement.version else {
                return unsafe memcached_add(handle, key, length, start, value.count, expiry, 0)
            }
            return unsafe memcached_cas(handle, key, length, start, value.count, expiry, 0, version)
        }
    }

    private func fetch(_ list: KeyList) throws(Failure) -> [Item?] {
        let handle = unsafe try connected()
        // Each answer may take the time-out, but all together not that many.
        let deadline = ContinuousClock.now + options.timeout * 2
        var code = unsafe list.withPointers { unsafe memcached_mget(handle, $0, $1, list.count) }
        guard code == MEMCACHED_SUCCESS else { throw failure(code) }
        var items = [Item?](repeating: nil, count: list.count)
        var next = 0
        // Any error before the first value is made "not found", also a time-out, and any behind it is told as it is
        // (https://github.com/awesomized/libmemcached/issues/67). So this one is not the first.
        unsafe result.pointee.count = 1
        while unsafe memcached_fetch_result(handle, result, &code) != nil {
            guard code == MEMCACHED_SUCCESS else { break }
            let item = try fetchedItem()
            // They come in the order they were asked for, unless a proxy has its own.
            let place = (0..<list.count).lazy.map { ($0 + next) % list.count }
                .first { unsafe items[$0] == nil && list.isKey($0, self.fetchedKey) }
            guard let place else { throw failure("an answer to another question") }
            items[place] = item
            next = place + 1
            if ContinuousClock.now > deadline { throw failure(MEMCACHED_TIMEOUT) }
        }
        // Without the last line nobody knows what is missing from the list.
        guard code == MEMCACHED_END else { throw failure(code) }
        hasAnswered = true
        return items
    }

    /// The key of the value in `result`.
    private var fetchedKey: UnsafeBufferPointer<CChar> {
        unsafe UnsafeBufferPointer(
            start: memcached_result_key_value(result), count: memcached_result_key_length(result))
    }

    private func fetchedItem() throws(Failure) -> Item {
        let length = unsafe memcached_result_length(result)
        let version = unsafe memcached_result_cas(result)
        // So does a server that was started with --disable-cas.
        guard version != 0 else { throw failure("the server does not number its values") }
        // None of ours is as long. It must not keep the others of its server from being used, and can be replaced.
        guard length <= Self.maximumValueBytes else { return Item(bytes: [], version: version) }
        let bytes = unsafe UnsafeRawBufferPointer(start: memcached_result_value(result), count: length)
        return unsafe Item(bytes: Array(bytes), version: version)
    }

    /// libmemcached's object, a new one when there is none; it connects by itself. `memcached_create`
    private func connected() throws(Failure) -> UnsafeMutablePointer<memcached_st> {
        if let handle = unsafe handle { return unsafe handle }
        guard let new = unsafe memcached_create(nil) else {
            throw Failure(public: MemcachedError(reason: "out of memory"))
        }
        connectionCount += 1
        unsafe memcached_result_create(new, result)
        unsafe handle = new
        let (seconds, attoseconds) = options.timeout.components
        let milliseconds = UInt64(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        var codes = unsafe [
            memcached_behavior_set(new, MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1),
            memcached_behavior_set(new, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1),
            memcached_behavior_set(new, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, milliseconds),
            memcached_behavior_set(new, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, milliseconds),
        ]
        if let username = options.username {
            // This also chooses the binary protocol.
            unsafe codes.append(memcached_set_sasl_auth_data(new, username, options.password))
        }
        switch server {
        case .tcp(let host, let port):
            unsafe codes.append(memcached_server_add(new, host, in_port_t(clamping: port)))
        case .unix(let path):
            unsafe codes.append(memcached_server_add_unix_socket(new, path))
        }
        if let code = codes.first(where: { $0 != MEMCACHED_SUCCESS }) { throw failure(code) }
        return unsafe new
    }

    /// Says what went wrong, and throws the connection away.
    private func failure(_ code: memcached_return_t) -> Failure {
        if code == MEMCACHED_UNKNOWN_READ_FAILURE, options.username != nil, !hasAnswered {
            return failure("the server does not ask for a user name, or answers nonsense")
        }
        let systemError = unsafe handle.map { unsafe memcached_last_error_errno($0) } ?? 0
        disconnect()
        return Failure(
            public: MemcachedError(code, systemError: systemError),
            isClosed: code == MEMCACHED_CONNECTION_FAILURE || systemError == EPIPE
                || systemError == ECONNRESET)
    }

    private func failure(_ reason: String) -> Failure {
        disconnect()
        return Failure(public: MemcachedError(reason: reason))
    }
}
