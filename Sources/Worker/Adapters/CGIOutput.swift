internal import EventLoop
internal import Glibc
internal import Relay

/// The answer of a CGI program, on standard output (RFC 3875, section 6).
///
/// Apache passes on what comes as it comes. The web server takes its time for a slow client, and the writer then
/// suspends; it hangs up for a client that left, and the exchange is cancelled.
final class CGIOutput: ClientResponse, FileWatcher, @unchecked Sendable {
    // @unchecked: used on its loop's thread only, but for making it, when the loop does not run yet.

    private let descriptor: Int32
    private let loop: EventLoop
    private var onLeaving: () -> Void = {}
    private var isWatched = false
    private var isGone = false
    private var isEnded = false
    private var waiter: CheckedContinuation<Void, Never>?

    /// Takes a descriptor for the answer, which `start` sets to not block.
    init(descriptor: Int32 = STDOUT_FILENO, loop: EventLoop) {
        self.descriptor = descriptor
        self.loop = loop
    }

    /// Begins to look whether the web server hangs up. Before the loop runs, or on it.
    ///
    /// - Parameter onLeaving: called on the loop's thread, once, when the web server hangs up before the end.
    func start(onLeaving: @escaping @Sendable () -> Void) {
        self.onLeaving = onLeaving
        let flags = fcntl(descriptor, F_GETFL)
        do throws(EventLoopError) {
            // Nothing asked for: what is always told is enough.
            try loop.watch(descriptor, for: [], self)
            isWatched = true
            if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        } catch {
            // A plain file, which never blocks for long and never hangs up.
        }
    }

    func fileIsReady(_ what: FileInterest) {
        if !what.isDisjoint(with: [.error, .hangUp]) { leave() }
        wake()
    }

    func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ClientGone) {
        if let head {
            var bytes = CGIHead.bytes(for: head, roomFor: body.count)
            bytes.append(contentsOf: body)
            try await write(bytes)
        } else {
            try await write(body)
        }
        if isLast { end() }
    }

    private func write(_ bytes: [UInt8]) async throws(ClientGone) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard !isGone, !isEnded, !Task.isCancelled else { throw ClientGone() }
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN, isWatched {
                await waitUntilWritable()
            } else if errno != EINTR {
                leave()
            }
        }
    }

    private func waitUntilWritable() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !isGone, !Task.isCancelled else { return continuation.resume() }
                waiter = continuation
                do throws(EventLoopError) {
                    try loop.rewatch(descriptor, for: [.write])
                } catch {
                    leave()
                    wake()
                }
            }
        } onCancel: {
            loop.submit { self.wake() }
        }
    }

    private func wake() {
        guard let waiter else { return }
        self.waiter = nil
        // Writable is what it is most of the time: not to be told on and on.
        if !isGone, (try? loop.rewatch(descriptor, for: [])) == nil { isGone = true }
        waiter.resume()
    }

    private func leave() {
        guard !isGone else { return }
        isGone = true
        unwatch()
        if !isEnded { onLeaving() }
    }

    /// Tells the web server that this was all, which it would otherwise see only when the process is gone.
    private func end() {
        guard !isEnded else { return }
        isEnded = true
        unwatch()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        // mod_cgid gives one socket as input and output.
        if descriptor == STDOUT_FILENO { dup2(null, STDIN_FILENO) }
        dup2(null, descriptor)
        close(null)
    }

    private func unwatch() {
        guard isWatched else { return }
        isWatched = false
        loop.unwatch(descriptor)
    }
}
