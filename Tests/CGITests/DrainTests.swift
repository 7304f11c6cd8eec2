import CGI
import EventLoop
import GatewayTestSupport
import Glibc
import SCGI
import Testing

/// What a server does at the very end of its draining.
@Suite(.timeLimit(.minutes(1)))
struct DrainTests {
    @Test func `a request that came with the end of the wait is answered before idleness`() async throws {
        var template = Array("/tmp/fastrelay-test.XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        let path = directory + "/socket"
        defer { rmdir(directory) }
        let handler = Waiter()
        // One loop, which the test can hold up.
        let loop = try EventLoop()
        let server = Server(
            speaking: SCGIProtocol(), loops: [loop], limits: .init(), handler: handler, report: { _ in })
        server.start(on: try ListeningSocket(.unix(path: path, mode: 0o600, group: nil)))
        let thread = try Thread(name: "test-loop") { loop.run() }
        defer {
            loop.stop()
            thread.join()
        }
        let clients = try (0..<16).map { _ in try SCGIClient(path: path) }
        let quick = try SCGIClient(path: path)
        quick.send(SCGIClient.request([("QUICK", "1")]))
        #expect(try quick.answer().hasSuffix("done"))

        let isIdle = Signal()
        server.stop { isIdle.raise() }
        let isHeldUp = Signal()
        // Past the time after which idle connections are closed, a tenth of a second.
        loop.submit {
            isHeldUp.raise()
            usleep(300_000)
        }
        await isHeldUp.wait()
        // The first and the last stay idle.
        for client in clients.dropFirst().dropLast() { client.send(SCGIClient.request()) }
        await handler.hasBegun.wait()
        let hasTurned = Signal()
        loop.submit { hasTurned.raise() }
        await hasTurned.wait()
        #expect(!isIdle.isRaised)
        handler.mayEnd.raise()
        await isIdle.wait()
    }
}
