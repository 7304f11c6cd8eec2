import EventLoop
import Synchronization
import Testing

@testable import Curl

/// What one call leaves to the next one that takes its handle.
@Suite(.timeLimit(.minutes(1)))
struct CallKindTests {
    /// Calls after each other, and what came of each at the server.
    private func requests(_ calls: [(TransferOptions) -> TransferOptions]) async throws
        -> [ScriptedConnection.Request]
    {
        let seen = Mutex<[ScriptedConnection.Request]>([])
        try await withPool { connection in
            while let request = connection.request() {
                seen.withLock { $0.append(request) }
                connection.answer("ok")
            }
        } body: { bed in
            for call in calls {
                let answer = try await bed.read(call(TransferOptions(url: bed.url + "/a?b=c%20d")))
                #expect(answer.status == 200 && answer.text == "ok")
            }
        }
        return seen.withLock { $0 }
    }

    private func post(
        _ body: [UInt8], _ headers: [(String, String)] = []
    ) -> (TransferOptions) -> TransferOptions {
        {
            var options = $0
            options.method = "POST"
            options.body = body
            options.headerLines = Array(headers.map { "\($0.0): \($0.1)\r\n" }.joined().utf8)
            return options
        }
    }

    @Test func `nothing of a call is in the next one`() async throws {
        let long = [UInt8](repeating: 7, count: CallKind.copiedBodyBytes + 1)
        let requests = try await requests([
            post([1, 2, 3], [("X-One", "first"), ("Content-Type", "a/b")]), post([4], [("X-Two", "second")]),
            post([]), { $0 }, { $0 }, post(long, [("X-Three", "third")]), post([5]), { $0 },
        ])
        #expect(requests.map(\.body) == [[1, 2, 3], [4], [], [], [], long, [5], []])
        let heads = requests.map(\.head)
        let methods = ["POST", "POST", "POST", "GET", "GET", "POST", "POST", "GET"]
        for (head, method) in zip(heads, methods) {
            #expect(head.hasPrefix("\(method) /a?b=c%20d HTTP/1.1\r\n"), "\(head)")
        }
        for (name, place) in [("X-One", 0), ("X-Two", 1), ("X-Three", 5)] {
            #expect(heads.map { $0.contains(name) } == heads.indices.map { $0 == place }, "\(name)")
        }
        #expect(heads.allSatisfy { !$0.contains("Expect:") })
    }

    @Test func `each kind keeps a handle, and all calls without a kind have one`() async throws {
        let long = [UInt8](repeating: 7, count: CallKind.copiedBodyBytes + 1)
        try await withPool { connection in
            while connection.request() != nil { connection.answer("ok") }
        } body: { bed in
            for _ in 0..<3 {
                for body in [[1], long, long, [2], []] {
                    _ = try await bed.read(post(body)(TransferOptions(url: bed.url)))
                    _ = try await bed.read(TransferOptions(url: bed.url))
                }
            }
            // Of the long ones, of the short ones, and of those without a body.
            let kept = try await bed.run { $0.freeHandles.count }
            #expect(kept == 3)
        }
    }

    @Test func `a call after one that failed is as any other`() async throws {
        let count = Mutex(0)
        try await withPool { connection in
            while connection.request() != nil {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                guard number.isMultiple(of: 2) else { return }
                connection.answer("ok")
            }
        } body: { bed in
            for turn in 0..<6 {
                let options = post([UInt8(turn)])(TransferOptions(url: bed.url))
                if turn.isMultiple(of: 2) {
                    await #expect(throws: CurlError.self) { _ = try await bed.read(options) }
                } else {
                    let answer = try await bed.read(options)
                    #expect(answer.text == "ok")
                }
            }
        }
    }

    @Test(arguments: ["ftp://127.0.0.1/", "http://", "http://[::1/", "://", "http://127.0.0.1:99999/"])
    func `an address that cannot be called fails, and the next one does not`(address: String) async throws {
        try await withPool { connection in
            while connection.request() != nil { connection.answer("ok") }
        } body: { bed in
            for _ in 0..<2 {
                await #expect(throws: CurlError.self) {
                    _ = try await bed.read(TransferOptions(url: address))
                }
                let answer = try await bed.read(TransferOptions(url: bed.url))
                #expect(answer.text == "ok")
            }
        }
    }

    /// A kind that forgets one of these would give a call another's certificate, proxy or patience.
    @Test func `calls that differ are not of one kind`() throws {
        let plain = try #require(CallKind(TransferOptions(url: "https://a")))
        #expect(plain.isOf(TransferOptions(url: "https://a")))
        var options = TransferOptions(url: "https://a")
        options.headerLines = Array("a: b\r\n".utf8)
        options.firstByte = .seconds(1)
        options.total = .seconds(1)
        options.maximumBodyBytes = 5
        #expect(plain.isOf(options))
        let changes: [(inout TransferOptions) -> Void] = [
            { $0.url = "https://b" }, { $0.method = "POST" }, { $0.connect = .seconds(1) },
            { $0.receiveBufferBytes = 1024 }, { $0.proxy = "http://proxy" }, { $0.proxy = "" },
            { $0.certificateFile = "/ca" }, { $0.usesHTTP2 = false },
        ]
        for (index, change) in changes.enumerated() {
            var options = TransferOptions(url: "https://a")
            change(&options)
            let kind = try #require(CallKind(options))
            // Where no proxy is set in the environment, none is none.
            #expect(!plain.isOf(options) && !kind.isOf(TransferOptions(url: "https://a")), "\(index)")
            #expect(kind.isOf(options), "\(index)")
        }
        let others: [(inout TransferOptions) -> Void] = [
            { $0.method = "OPTIONS" }, { $0.mayConnect = { _ in true } }, { $0.verifiesCertificate = false },
            { $0.speaksOldTLS = true }, { $0.isReported = true },
            { $0.body = [UInt8](repeating: 0, count: CallKind.copiedBodyBytes + 1) },
            { $0.further = BodySource(count: 1) { _ in [1] } },
        ]
        for (index, change) in others.enumerated() {
            var options = TransferOptions(url: "https://a")
            change(&options)
            #expect(CallKind(options) == nil && !plain.isOf(options), "\(index)")
        }
    }
}
