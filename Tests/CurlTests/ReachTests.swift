import Curl
import EventLoop
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ReachTests {
    /// The addresses that a call was about to connect to.
    private final class Asked: Sendable {
        private let addresses = Mutex<[[UInt8]]>([])

        var all: [[UInt8]] { addresses.withLock { $0 } }

        func note(_ address: [UInt8]) {
            addresses.withLock { $0.append(address) }
        }
    }

    private static let loopback4: [UInt8] = [127, 0, 0, 1]
    private static let loopback6 = [UInt8](repeating: 0, count: 15) + [1]
    private static let mapped = [UInt8](repeating: 0, count: 10) + [255, 255] + loopback4

    /// However an address is written, it is itself that is asked about.
    @Test(arguments: [
        ("127.0.0.1", [loopback4]), ("localhost", [loopback4, loopback6]), ("[::1]", [loopback6]),
        ("0x7f.1", [loopback4]), ("2130706433", [loopback4]), ("0177.0.0.1", [loopback4]),
        ("127.1", [loopback4]), ("[::ffff:127.0.0.1]", [mapped]), ("0", [[0, 0, 0, 0]]),
        ("user@127.0.0.1", [loopback4]),
    ])
    func `an address that is not allowed is not connected to`(host: String, addresses: [[UInt8]]) async throws
    {
        let asked = Asked()
        try await withPool { _ in
        } body: { bed in
            var options = TransferOptions(url: "http://\(host):\(bed.server.port)/")
            options.mayConnect = { address in
                asked.note(address)
                return false
            }
            #expect(await bed.failure(of: options) == .forbiddenAddress)
            #expect(bed.server.connections == 0)
        }
        #expect(!asked.all.isEmpty && asked.all.allSatisfy(addresses.contains), "\(asked.all)")
    }

    @Test func `an allowed address is, by a connection of the call's own`() async throws {
        let asked = Asked()
        try await withPool { connection in
            while connection.request() != nil { connection.answer("here") }
        } body: { bed in
            // One that stands already could be used, or one that is left.
            #expect(await bed.text(of: TransferOptions(url: bed.url)) == "here")
            var options = TransferOptions(url: bed.url)
            options.mayConnect = { address in
                asked.note(address)
                return true
            }
            for _ in 0..<2 { #expect(await bed.text(of: options) == "here") }
            #expect(bed.server.connections == 3)
            #expect(await bed.text(of: TransferOptions(url: bed.url)) == "here")
            #expect(bed.server.connections == 3)
            options.mayConnect = { _ in false }
            #expect(await bed.failure(of: options) == .forbiddenAddress)
        }
        #expect(asked.all == [Self.loopback4, Self.loopback4])
    }

    @Test func `no proxy is asked, which would look the name up itself`() async throws {
        let heads = Box<[String]>()
        try await withPool { connection in
            while let request = connection.request() {
                heads.value = (heads.value ?? []) + [request.head]
                connection.answer("here")
            }
        } body: { bed in
            var options = TransferOptions(url: bed.url + "/direct")
            options.proxy = "http://127.0.0.1:\(bed.server.port)"
            #expect(await bed.text(of: options) == "here")
            options.mayConnect = { _ in true }
            #expect(await bed.text(of: options) == "here")
        }
        let lines = (heads.value ?? []).map {
            $0.prefix { $0 != " " && $0 != "\r" } + $0.drop { $0 != " " }.prefix(5)
        }
        #expect(lines == ["GET http", "GET /dir"])
    }

    @Test func `an address where nobody listens is unreachable, not forbidden`() async throws {
        try await withPool { _ in
        } body: { bed in
            bed.server.stop()
            _ = await bed.failure(of: TransferOptions(url: bed.url))
            var options = TransferOptions(url: bed.url)
            options.mayConnect = { _ in true }
            #expect(await bed.failure(of: options) == .unreachable)
        }
    }
}
