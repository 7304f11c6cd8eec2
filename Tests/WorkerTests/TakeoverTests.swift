import EventLoop
import Glibc
import Relay
import TestSupport
import Testing

@testable import Worker

/// What the end-to-end tests cannot wait for.
@Suite(.timeLimit(.minutes(1)), .serialized) struct TakeoverTests {
    let log = RecordingLog()

    /// Has a shell script take over, and gives the log's last event.
    func takeOver(script: String, limit: Duration) async throws -> RecordingLog.Event? {
        SignalSource.block([SIGCHLD])
        let loop = try EventLoop()
        var template = Array("/tmp/fastrelay-test.XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        let socket = try ListeningSocket(.unix(path: directory + "/socket", mode: 0o600, group: nil))
        let launch = Launch(
            executable: "/bin/sh", arguments: ["sh", "-c", script].map { Array($0.utf8) }, environment: [])
        let takeover = Takeover(loop: loop, launch: launch, log: log, startLimit: limit) {
            socket
        } whenDone: { _ in
        }
        let thread = try Thread(name: "test") {
            // The signal may go to another thread of the test, so it is looked for.
            let timer = RepeatingTimer(loop: loop) { takeover.childEnded() }
            takeover.begin()
            timer.start()
            loop.run()
        }
        #expect(await eventually { log.events.count == 2 })
        loop.stop()
        thread.join()
        // The file is still this process's.
        #expect(socket.file != nil && access(directory + "/socket", F_OK) == 0)
        return log.events.last
    }

    @Test func `a process that does not get ready is ended`() async throws {
        let event = try await takeOver(script: "exec sleep 100", limit: .milliseconds(50))
        #expect(event?.message == "takeover failed")
        #expect(event?.fields == [LogField("reason", .string("it was not ready within 0.05 seconds"))])
    }

    @Test func `a process that closes the pipe and stays is ended`() async throws {
        let event = try await takeOver(script: "exec 4>&-; exec sleep 100", limit: .milliseconds(50))
        #expect(event?.fields == [LogField("reason", .string("it was not ready within 0.05 seconds"))])
    }

    @Test func `no more of a reason is read than fits a log line`() async throws {
        let event = try await takeOver(
            script: "head -c 100000 /dev/zero | tr '\\0' x >&4; exit 1", limit: .milliseconds(200))
        guard case .string(let reason) = event?.fields.first?.value else { throw NoReason() }
        #expect(reason.utf8.count < 5000)
    }

    private struct NoReason: Error {}
}

/// Calls something every millisecond.
private final class RepeatingTimer {
    private let loop: EventLoop
    private let action: () -> Void
    private lazy var timer = LoopTimer { [unowned self] in
        action()
        start()
    }

    init(loop: EventLoop, action: @escaping () -> Void) {
        self.loop = loop
        self.action = action
    }

    func start() {
        loop.set(timer, deadline: loop.deadline(after: .milliseconds(1)))
    }
}
