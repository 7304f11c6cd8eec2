internal import EventLoop
internal import Glibc
internal import Synchronization

/// Writes lines to a descriptor on a thread of its own, so that a full pipe holds up nobody else.
///
/// Lines that come faster than they can be written are kept up to a limit, then dropped and counted.
final class LogWriter: Sendable {
    private let descriptor: Int32
    private let buffer = Mutex(Buffer())
    private let wakeUp: ThreadSignal
    private let idle: ThreadSignal

    private struct Buffer {
        var bytes: [UInt8] = []
        var dropped = 0
        var isWriting = false
        var isEnding = false
    }

    /// What may wait to be written, in bytes: some twenty thousand lines.
    private static let maximumBytes = 8 << 20
    /// How long lines gather before they are written together. Under load a wake-up and a write for every line would
    /// cost more than the line: 1.5 futex calls and a write of 13 system calls per exchange.
    private static let gatheringTime = Duration.milliseconds(10)

    /// Starts the thread.
    ///
    /// - Throws: `EventLoopError` when the system has no room for another thread.
    init(descriptor: Int32) throws(EventLoopError) {
        self.descriptor = descriptor
        wakeUp = ThreadSignal()
        idle = ThreadSignal()
        try Thread(name: "log") { self.run() }.detach()
    }

    /// Takes one line, with its line feed. From any thread; does not block.
    func write(_ line: [UInt8]) {
        let mustWake = buffer.withLock { buffer in
            guard buffer.bytes.count + line.count <= Self.maximumBytes else {
                buffer.dropped += 1
                return false
            }
            buffer.bytes.append(contentsOf: line)
            guard !buffer.isWriting else { return false }
            buffer.isWriting = true
            return true
        }
        if mustWake { wakeUp.signal() }
    }

    /// Waits until everything was written, at most two seconds, and ends the thread.
    func finish() {
        buffer.withLock { $0.isEnding = true }
        wakeUp.signal()
        idle.wait(atMost: .seconds(2))
    }

    private func run() {
        while true {
            wakeUp.wait()
            while true {
                if !buffer.withLock({ $0.isEnding }) { wakeUp.wait(atMost: Self.gatheringTime) }
                var pending = Buffer()
                let isEnding = buffer.withLock { buffer in
                    pending.bytes = buffer.bytes
                    pending.dropped = buffer.dropped
                    buffer.bytes = []
                    buffer.dropped = 0
                    if pending.bytes.isEmpty { buffer.isWriting = false }
                    return buffer.isEnding
                }
                if pending.dropped > 0 {
                    pending.bytes.append(
                        contentsOf:
                            "{\"level\":\"warning\",\"message\":\"log lines dropped\",\"count\":\(pending.dropped)}\n"
                            .utf8)
                }
                if pending.bytes.isEmpty {
                    if isEnding { return idle.signal() }
                    break
                }
                writeAll(pending.bytes)
            }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                var query = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&query, 1, -1)
            } else if count < 0, errno == EINTR {
                continue
            } else {
                // Nobody reads the log any more; that must not end the service.
                return
            }
        }
    }
}
