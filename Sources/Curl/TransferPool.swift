internal import CCurl
public import EventLoop

/// The upstream calls of one loop, with their connections. For the loop's thread.
@safe public final class TransferPool: @unchecked Sendable {
    // @unchecked: used on the loop's thread only, but for making it.

    /// How many connections may stand, of those with a call at a time and of those that calls share.
    public struct Limits: Sendable {
        /// Idle connections kept for later calls.
        public var keptConnections = 1024
        /// Streams at once on one HTTP/2 connection; the server may allow fewer.
        public var streamsPerConnection = 100

        /// The defaults.
        public init() {}
    }

    let loop: EventLoop
    /// Reads the bodies of requests that come from a source; a thread at work for each, so few.
    let readers = ThreadPool(name: "upload", limit: 2)
    private(set) var freeHandles: [EasyHandle] = []
    /// Calls that have their connection for themselves, by HTTP/1.1.
    private let single: MultiHandle
    /// Calls that share connections, by HTTP/2 where the other side speaks it.
    ///
    /// They are kept apart since libcurl 7.88 remembers for a host, not for each connection, that calls may share: once it
    /// has a connection by HTTP/2, it would put a call onto one by HTTP/1.1 that has a call already (`ConnectionExists` in
    /// its url.c), and each would get something of the other's answer.
    private let shared: MultiHandle

    /// Handles kept for the next call; each has a receive buffer of 16 KiB once it was used.
    private static let keptHandles = 64

    /// With so many free ones that are of no use to a call, it takes the one that was free longest.
    private static let handlesBesides = 8

    /// Initialises libcurl, once per process. `curl_global_init`
    private static let isLibraryReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes a pool for a loop.
    ///
    /// - Throws: `CurlError` when libcurl cannot be initialised.
    public init(loop: EventLoop, limits: Limits = Limits()) throws(CurlError) {
        guard Self.isLibraryReady, let single = MultiHandle(loop: loop, limits: limits),
            let shared = MultiHandle(loop: loop, limits: limits)
        else { throw CurlError(.badOptions, "libcurl could not be initialised") }
        self.loop = loop
        self.single = single
        self.shared = shared
    }

    /// Starts a call. It runs until it is done or cancelled, whether anybody reads it or not.
    public func start(_ options: borrowing TransferOptions) -> Transfer {
        Transfer(pool: self, options: options)
    }

    // MARK: For transfers

    /// Where a call runs.
    func multi(isShared: Bool) -> MultiHandle { isShared ? shared : single }

    /// A handle for a call, and whether it has the call's kind already, having made a call of it before. A call that is
    /// like no other gets one without a kind.
    func takeHandle(for options: borrowing TransferOptions) -> (handle: EasyHandle, hasKind: Bool)? {
        let isOfSome = CallKind.isOfSome(options)
        for index in freeHandles.indices.reversed() {
            guard freeHandles[index].kind?.isOf(options) ?? !isOfSome else { continue }
            freeHandles.swapAt(index, freeHandles.count - 1)
            return (freeHandles.removeLast(), isOfSome)
        }
        // Rather another one than one that has its use, unless there are many kinds.
        let other = freeHandles.count < Self.handlesBesides ? EasyHandle() : freeHandles.removeFirst()
        return other.map { ($0, false) }
    }

    /// Keeps the handle of a call that has ended for another one.
    ///
    /// - Parameter isAsItWas: whether it has the options of its kind, and the call came to its end as it should.
    func keep(_ handle: EasyHandle, isAsItWas: Bool) {
        guard freeHandles.count < Self.keptHandles else { return }
        handle.callEnded(isKept: isAsItWas)
        freeHandles.append(handle)
    }
}
