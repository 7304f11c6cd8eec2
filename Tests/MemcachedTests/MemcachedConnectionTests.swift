import GatewayTestSupport
import Testing

@testable import Memcached

/// What a connection does with a server that is well.
@Suite struct MemcachedConnectionTests {
    @Test(arguments: [MemcachedProcess.Place.ipv4, .unix])
    func storesAndFetches(_ place: MemcachedProcess.Place) throws {
        try storeAndFetch(place)
    }

    @Test(.enabled("there is no ::1 here") { MemcachedProcess.Place.hasIPv6 })
    func storesAndFetchesByIPv6() throws {
        try storeAndFetch(.ipv6)
    }

    private func storeAndFetch(_ place: MemcachedProcess.Place) throws {
        let process = try MemcachedProcess(place)
        let connection = try MemcachedConnection(process)
        #expect(try connection.fetch(["a", "b"]) == [nil, nil])
        #expect(try connection.replace("a", with: [1, 13, 10, 0, 255], ifStill: nil, expiringAfter: 60))
        let items = try connection.fetch(["b", "a"])
        #expect(items[0] == nil)
        #expect(items[1]?.bytes == [1, 13, 10, 0, 255])
        try connection.ping()
        #expect(try connection.fetch([]) == [])
    }

    @Test func replacesOnlyWhatItFetched() throws {
        let process = try MemcachedProcess()
        let one = try MemcachedConnection(process)
        let other = try MemcachedConnection(process)
        #expect(try one.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        let seen = try #require(try one.fetch(["a"])[0])
        #expect(try other.fetch(["a"])[0] == seen)
        #expect(try other.replace("a", with: [2], ifStill: seen.version, expiringAfter: 60))
        #expect(try !one.replace("a", with: [3], ifStill: seen.version, expiringAfter: 60))
        #expect(try one.fetch(["a"])[0]?.bytes == [2])
        #expect(try !one.replace("b", with: [3], ifStill: seen.version, expiringAfter: 60))
        #expect(try one.fetch(["b"]) == [nil])
    }

    @Test func onlyOneAdds() throws {
        let process = try MemcachedProcess()
        let one = try MemcachedConnection(process)
        let other = try MemcachedConnection(process)
        #expect(try one.replace("a", with: [1], ifStill: nil, expiringAfter: 60))
        #expect(try !other.replace("a", with: [2], ifStill: nil, expiringAfter: 60))
        #expect(try other.fetch(["a"])[0]?.bytes == [1])
    }

    /// No step is lost when many count at once.
    @Test func countsExactly() async throws {
        let process = try MemcachedProcess()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 as Range<UInt8> {
                group.addTask {
                    let connection = try MemcachedConnection(process)
                    for turn in 0..<50 as Range<UInt8> { try connection.append([number, turn], to: "n") }
                }
            }
            try await group.waitForAll()
        }
        let bytes = try MemcachedConnection(process).fetch(["n"])[0]?.bytes ?? []
        #expect(bytes.count == 400 && Set(Self.pairs(bytes)).count == 200)
    }

    @Test func forgetsInTime() throws {
        let process = try MemcachedProcess()
        let connection = try MemcachedConnection(process)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try connection.replace("short", with: [1], ifStill: nil, expiringAfter: 1))
        // More than memcached takes for a number of seconds.
        #expect(try connection.replace("long", with: [2], ifStill: nil, expiringAfter: .max))
        #expect(try connection.replace("none", with: [3], ifStill: nil, expiringAfter: -5))
        while try connection.fetch(["short"])[0] != nil, clock.now < start + .seconds(10) {}
        #expect(clock.now < start + .seconds(10))
        #expect(try connection.fetch(["long"])[0]?.bytes == [2])
    }

    @Test func fetchesManyAtOnce() throws {
        let process = try MemcachedProcess()
        let connection = try MemcachedConnection(process)
        let keys = (0..<200).map { "fastrelay:2:ct\(String(repeating: "f", count: 30))\($0)" }
        for (index, key) in keys.enumerated() where index % 3 != 0 {
            let value = [UInt8](repeating: UInt8(index), count: 1000)
            #expect(try connection.replace(key, with: value, ifStill: nil, expiringAfter: 60))
        }
        let items = try connection.fetch(keys)
        for (index, item) in items.enumerated() {
            let value = [UInt8](repeating: UInt8(index), count: 1000)
            #expect(item?.bytes == (index % 3 == 0 ? nil : value))
        }
        // Twice the same one.
        let twice = try connection.fetch([keys[1], keys[0], keys[1]])
        #expect(twice[0] != nil && twice[0] == twice[2] && twice[1] == nil)
    }

    @Test func keepsToTheLargestValue() throws {
        let process = try MemcachedProcess()
        let connection = try MemcachedConnection(process)
        let largest = [UInt8](repeating: 7, count: MemcachedConnection.maximumValueBytes)
        #expect(try connection.replace("a", with: largest, ifStill: nil, expiringAfter: 60))
        #expect(try connection.fetch(["a"])[0]?.bytes == largest)
        #expect(try connection.replace("b", with: [], ifStill: nil, expiringAfter: 60))
        #expect(try connection.fetch(["b"])[0]?.bytes == [])
        #expect(throws: MemcachedError(reason: "the value is too large")) {
            try connection.replace("c", with: largest + [7], ifStill: nil, expiringAfter: 60)
        }
    }

    @Test func aValueThatIsTooLargeIsEmptyAndCanBeReplaced() throws {
        let process = try MemcachedProcess()
        let count = MemcachedConnection.maximumValueBytes + 1
        let somebodyElse = try ClientSocket(path: String(process.address.dropFirst("unix:".count)))
        somebodyElse.send(
            Array("set a 0 60 \(count)\r\n".utf8) + [UInt8](repeating: 7, count: count) + Array("\r\n".utf8))
        while somebodyElse.received.last != UInt8(ascii: "\n") { try somebodyElse.receive() }
        #expect(somebodyElse.received == Array("STORED\r\n".utf8))
        let connection = try MemcachedConnection(process)
        #expect(try connection.replace("b", with: [1], ifStill: nil, expiringAfter: 60))
        let found = try connection.fetch(["a", "b"])
        #expect(found.map { $0?.bytes } == [[], [1]])
        #expect(try connection.replace("a", with: [2], ifStill: found[0]?.version, expiringAfter: 60))
        #expect(try connection.fetch(["a"])[0]?.bytes == [2])
    }

    @Test func takesAnyTimeOut() throws {
        let process = try MemcachedProcess()
        try MemcachedConnection(process, timeout: .seconds(Int64.max)).ping()
        // A millisecond may be enough, or not.
        try? MemcachedConnection(process, timeout: .seconds(-1)).ping()
    }

    @Test(arguments: ["", "a b", "a\r\nflush_all", "ä", "\0", String(repeating: "a", count: 251)])
    func refusesKeys(_ key: String) throws {
        let connection = try MemcachedConnection(.unix(path: "/nowhere"), .init())
        #expect(throws: MemcachedError(reason: "a key that cannot be sent")) {
            try connection.fetch(["a", key])
        }
        #expect(throws: MemcachedError(reason: "a key that cannot be sent")) {
            try connection.replace(key, with: [], ifStill: nil, expiringAfter: 1)
        }
    }

    /// A server that is full throws others' values out, or does not take what has no room: it never tells wrong ones.
    @Test func isThrownOutOfAFullServer() throws {
        let process = try MemcachedProcess(options: ["-m", "1", "-I", "512k"])
        let connection = try MemcachedConnection(process)
        let keys = (0..<4000).map { "key-\($0)" }
        var isStored = 0
        for (index, key) in keys.enumerated() {
            let value = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 900)
            do {
                if try connection.replace(key, with: value, ifStill: nil, expiringAfter: 60) { isStored += 1 }
            } catch {
                #expect(error.reason == "the server does not keep what is written")
            }
        }
        var items: [MemcachedConnection.Item?] = []
        for start in stride(from: 0, to: keys.count, by: 200) {
            items += try connection.fetch(Array(keys[start..<start + 200]))
        }
        #expect(isStored > 0)
        #expect(items.contains { $0 == nil })
        for (index, item) in items.enumerated() {
            guard let item else { continue }
            #expect(item.bytes[0] == UInt8(truncatingIfNeeded: index))
        }
        try connection.ping()
    }

    @Test func saysThatTheServerTakesNoLargeValues() throws {
        let process = try MemcachedProcess(options: ["-I", "16k", "-o", "slab_chunk_max=8"])
        let connection = try MemcachedConnection(process)
        #expect(throws: MemcachedError(reason: "the server does not keep what is written")) {
            try connection.replace(
                "large", with: .init(repeating: 1, count: 20_000), ifStill: nil, expiringAfter: 60)
        }
        try connection.ping()
    }

    @Test func needsNumberedValues() throws {
        let process = try MemcachedProcess(options: ["-C"])
        let connection = try MemcachedConnection(process)
        for _ in 0..<2 {
            #expect(throws: MemcachedError(reason: "the server does not number its values")) {
                try connection.replace("a", with: [1], ifStill: nil, expiringAfter: 60)
            }
        }
    }
}

extension MemcachedConnection {
    /// A connection to a test's own server.
    convenience init(_ process: MemcachedProcess, timeout: Duration = .seconds(5)) throws {
        var options = Options()
        options.timeout = timeout
        try self.init(try #require(MemcachedServer(process.address)), options)
    }

    /// Replaces one value, and says whether it did.
    func replace(
        _ key: String, with bytes: [UInt8], ifStill version: UInt64?, expiringAfter seconds: Int
    ) throws(MemcachedError) -> Bool {
        let replacement = Replacement(key, with: bytes, ifStill: version, expiringAfter: seconds)
        return try replace([replacement])[0]?.bytes == bytes
    }

    /// Adds two bytes to a value; whether it did is to be seen from them, also when others added some behind.
    fileprivate func append(_ pair: [UInt8], to key: String) throws {
        var item = try fetch([key])[0]
        repeat {
            let next = (item?.bytes ?? []) + pair
            item = try replace([Replacement(key, with: next, ifStill: item?.version, expiringAfter: 60)])[0]
        } while !MemcachedConnectionTests.pairs(item?.bytes ?? []).contains(pair)
    }
}

extension MemcachedConnectionTests {
    fileprivate static func pairs(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: 2).map { Array(bytes[$0..<$0 + 2]) }
    }

    /// Each is replaced or not by itself, whatever becomes of the others.
    @Test func replacesManyAtOnce() throws {
        let process = try MemcachedProcess()
        let connection = try MemcachedConnection(process)
        let keys = (0..<300).map { "key-\($0)" }
        func replacements(_ value: UInt8, _ versions: [UInt64?]) -> [MemcachedConnection.Replacement] {
            zip(keys, versions).map { key, version in
                .init(
                    key, with: [value] + [UInt8](repeating: 0, count: 1500), ifStill: version,
                    expiringAfter: 60)
            }
        }
        let first = try connection.replace(replacements(1, keys.map { _ in nil }))
        #expect(first.allSatisfy { $0?.bytes[0] == 1 })
        // The versions are those to be used next.
        var versions = first.map { $0?.version }
        for index in stride(from: 0, to: keys.count, by: 3) { versions[index] = 1 << 60 }
        for index in stride(from: 1, to: keys.count, by: 3) { versions[index] = nil }
        let second = try connection.replace(replacements(2, versions))
        for (index, item) in second.enumerated() { #expect(item?.bytes[0] == (index % 3 == 2 ? 2 : 1)) }
        #expect(try connection.fetch(keys) == second)
    }
}
