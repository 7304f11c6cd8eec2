import GatewayTestSupport
import Testing

@testable import Memcached

/// What a connection does with a server that is not well.
@Suite struct MemcachedFailureTests {
    private static let timeout = Duration.milliseconds(100)
    /// What a call may take that should take two time-outs, on a machine that is busy with something else.
    private static let patience = Duration.seconds(2)

    private func expectTimeOut(_ body: () throws -> Void) {
        let clock = ContinuousClock()
        let start = clock.now
        #expect(throws: MemcachedError(reason: "timed out"), performing: body)
        let took = clock.now - start
        #expect(took >= Self.timeout / 2)
        #expect(took < Self.patience)
    }

    @Test(arguments: [MemcachedProcess.Place.ipv4, .unix])
    func waitsNoLongerThanTheTimeOut(_ place: MemcachedProcess.Place) throws {
        let process = try MemcachedProcess(place)
        let connection = try MemcachedConnection(process, timeout: Self.timeout)
        #expect(try connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        let item = try #require(try connection.fetch(["a"])[0])
        process.pause()
        expectTimeOut { _ = try connection.fetch(["a"]) }
        expectTimeOut { _ = try connection.fetch(["a"]) }
        expectTimeOut { _ = try connection.replace("a", with: [2], ifStill: item.version, expiringAfter: 60) }
        expectTimeOut { _ = try connection.replace("b", with: [2], ifStill: nil, expiringAfter: 60) }
        expectTimeOut { try connection.ping() }
        process.resume()
        // The answers to all that come now, by connections that are closed.
        #expect(try connection.fetchPatiently(["c"]) == [nil])
        // The write comes now as well, or later.
        #expect([[1], [2]].contains(try connection.fetchPatiently(["a"])[0]?.bytes))
    }

    @Test(arguments: [MemcachedProcess.Place.ipv4, .unix])
    func findsTheServerAgain(_ place: MemcachedProcess.Place) throws {
        let process = try MemcachedProcess(place)
        let connection = try MemcachedConnection(process)
        #expect(try connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        process.kill()
        #expect(throws: MemcachedError.self) { try connection.fetch(["a"]) }
        #expect(throws: MemcachedError.self) {
            try connection.replace("a", with: [1], ifStill: 1, expiringAfter: 60)
        }
        #expect(throws: MemcachedError.self) { try connection.ping() }
        try process.restart()
        #expect(try connection.fetch(["a"]) == [nil])
        #expect(try connection.replace("a", with: [2], ifStill: nil, expiringAfter: 60))
    }

    /// What was asked for may be asked for again, and nobody notices.
    @Test func asksAgainWhenTheServerWasRestarted() throws {
        let process = try MemcachedProcess(.ipv4)
        let connection = try MemcachedConnection(process)
        try connection.ping()
        try process.restart()
        #expect(try connection.fetch(["a"]) == [nil])
        try process.restart()
        // Also behind a write, which is not tried again: its version may be that of another value by now.
        #expect(try !connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        #expect(try connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        let version = try connection.fetch(["a"])[0]?.version
        try process.restart()
        #expect(try !connection.replace("a", with: [2], ifStill: version, expiringAfter: 60))
    }

    @Test func disconnectsAndConnects() throws {
        let process = try MemcachedProcess()
        let connection = try MemcachedConnection(process)
        connection.disconnect()
        try connection.ping()
        connection.disconnect()
        connection.disconnect()
        try connection.ping()
    }

    @Test func saysWhyThereIsNoConnection() throws {
        let process = try MemcachedProcess(.ipv4)
        process.kill()
        let refused = try MemcachedConnection(process)
        for _ in 0..<20 {
            // libmemcached itself would answer for the server after a few, without asking it.
            #expect(throws: MemcachedError(reason: "the connection is refused or closed")) {
                try refused.ping()
            }
        }
        let missing = try MemcachedConnection(.unix(path: "/nowhere/socket"), .init())
        #expect(throws: MemcachedError(reason: "No such file or directory")) { try missing.ping() }
        let unknown = try MemcachedConnection(.tcp(host: "nowhere.invalid", port: 1), .init())
        #expect(throws: MemcachedError.self) { try unknown.ping() }
    }

    @Test func givesABlackHoleUp() throws {
        let server = FakeServer.blackHole()
        let connection = try MemcachedConnection(server, timeout: Self.timeout)
        expectTimeOut { _ = try connection.fetch(["a"]) }
        expectTimeOut { _ = try connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60) }
    }

    /// Half an answer, or none, is not "there is no such value".
    @Test(arguments: [
        "", "EN", "VALUE a 0 1 5\r\n1\r\n", "VALUE a 0 1 5\r\n1", "VALUE a 0 1 5", "VALUE a 0 1 5\r\n1\r\nEN",
        "VALUE a",
        "VALUE a 0 100 5\r\n1\r\nEND\r\n",
    ])
    func takesHalfAnAnswerForNone(_ answer: String) throws {
        let closing = try FakeServer.answering([answer], closing: true)
        #expect(throws: MemcachedError.self) {
            try MemcachedConnection(closing, timeout: .seconds(5)).fetch(["a", "b"])
        }
        let hanging = try FakeServer.answering([answer], closing: false)
        let connection = try MemcachedConnection(hanging, timeout: Self.timeout)
        expectTimeOut { _ = try connection.fetch(["a", "b"]) }
        // Nobody asks twice who has waited once.
        #expect(hanging.requestCount <= 1)
    }

    @Test(arguments: [
        "ERROR\r\n", "SERVER_ERROR out of memory writing get response\r\n", "SERVER_ERROR\r\n",
        "CLIENT_ERROR bad command line format\r\n", "-ERR unknown command\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "220 mail.example.org ESMTP\r\n", "STORED\r\n", "OK\r\n", "12\r\n", "\r\n", "\n\n\n\n", "VALUE \r\n",
        "VALUE c 0 1 5\r\n1\r\nEND\r\n", "VALUE a 0 1\r\n1\r\nEND\r\n", "VALUE a 0 70000 5\r\n",
        "VERSION nonsense\r\n", String(repeating: "x", count: 100_000), String(repeating: "\0", count: 2000),
        "VALUE a 0 1 5\r\n1\r\nERROR\r\n", "VALUE a 0 1 5\r\n1\r\nVALUE a 0 1 5\r\n1\r\nEND\r\n",
    ])
    func doesNotBelieveNonsense(_ answer: String) throws {
        let server = try FakeServer.answering([answer], closing: false)
        let connection = try MemcachedConnection(server, timeout: Self.timeout)
        for _ in 0..<2 { #expect(throws: MemcachedError.self) { try connection.fetch(["a", "b"]) } }
    }

    /// Errors come before what is fetched, and a value that did not move although nobody else was first was not taken.
    @Test(arguments: [
        "SERVER_ERROR out of memory storing object\r\nVALUE a 0 1 6\r\n1\r\nEND\r\n",
        "CLIENT_ERROR bad data chunk\r\nVALUE a 0 1 6\r\n1\r\nEND\r\n", "ERROR\r\nEND\r\n",
        "VALUE a 0 1 5\r\n1\r\nEND\r\n", "VALUE a 0 1 6\r\n1\r\n",
    ])
    func noticesWhatIsNotWritten(_ answer: String) throws {
        let server = try FakeServer.answering([answer], closing: false)
        let connection = try MemcachedConnection(server, timeout: Self.timeout)
        for _ in 0..<2 {
            #expect(throws: MemcachedError.self) {
                try connection.replace("a", with: [2], ifStill: 5, expiringAfter: 60)
            }
        }
    }

    @Test func takesAnAnswerInPieces() throws {
        let server = try FakeServer.answering(
            ["VALUE b 0 2 7\r\nx", "y\r", "\nVAL", "UE a 0 1 9\r\nz\r\nEND\r", "\n"], closing: false)
        let connection = try MemcachedConnection(server, timeout: .seconds(5))
        let items = try connection.fetch(["a", "c", "b"])
        // Not in the order asked for, as behind some proxies.
        #expect(items[0] == .init(bytes: [122], version: 9))
        #expect(items[1] == nil)
        #expect(items[2] == .init(bytes: [120, 121], version: 7))
    }

    @Test func neverTellsWhatTheServerSaid() throws {
        for answer in ["CLIENT_ERROR secret\r\n", "SERVER_ERROR secret\r\n", "secret\r\n"] {
            let server = try FakeServer.answering([answer], closing: false)
            let connection = try MemcachedConnection(server, timeout: Self.timeout)
            let error = #expect(throws: MemcachedError.self) { try connection.fetch(["a"]) }
            #expect(error.map { !$0.reason.isEmpty && !$0.reason.contains("secret") } == true, "\(answer)")
        }
    }
}

extension MemcachedConnection {
    fileprivate convenience init(_ server: FakeServer, timeout: Duration) throws {
        var options = Options()
        options.timeout = timeout
        try self.init(.unix(path: server.path), options)
    }

    /// Fetches again while the server comes to itself.
    fileprivate func fetchPatiently(_ keys: [String]) throws -> [Item?] {
        for _ in 0..<50 {
            if let items = try? fetch(keys) { return items }
        }
        return try fetch(keys)
    }
}
