import Testing

@testable import Memcached

/// How keys are spread over servers.
@Suite struct MemcachedRingTests {
    private let keys = (0..<10_000).map { "fastrelay:1:ct\($0)" }
    private let three = ["10.0.0.1", "10.0.0.2", "10.0.0.3:11311"]

    private func ring(_ names: [String]) throws -> MemcachedRing {
        try MemcachedRing(names.map { try #require(MemcachedServer($0)) })
    }

    /// The name of the server that has each key.
    private func owners(_ names: [String]) throws -> [String] {
        let ring = try ring(names)
        return keys.map { names[ring.place(of: $0)] }
    }

    @Test func sharesEvenly() throws {
        let shares = Dictionary(grouping: try owners(three)) { $0 }.mapValues(\.count)
        for name in three {
            #expect((2667...4000).contains(shares[name, default: 0]), "\(shares)")
        }
    }

    @Test(arguments: 0..<3)
    func movesOnlyTheKeysOfWhatIsTakenAway(_ index: Int) throws {
        var left = three
        let gone = left.remove(at: index)
        for (before, after) in zip(try owners(three), try owners(left)) where before != after {
            #expect(before == gone)
        }
    }

    @Test func agreesInAnyOrder() throws {
        #expect(try owners(three) == owners(three.reversed()))
    }

    /// Of the 160 points that the MD5 of `NAME-0` to `NAME-39` gives each server, the first at or behind the key's own MD5:
    /// as other clients have it, and on every machine and in every version.
    @Test func isTheSameEverywhere() throws {
        let ring = try ring(three)
        let places = (0..<24).map { ring.place(of: "key-\($0)") }
        #expect(places == [1, 1, 2, 1, 1, 0, 2, 0, 1, 2, 1, 0, 0, 0, 1, 2, 2, 2, 0, 1, 1, 0, 0, 2])
    }

    @Test func answersManyThreadsAtOnce() async throws {
        let ring = try ring(three + ["[::1]:1", "unix:/run/memcached/socket"])
        let keys = keys
        let expected = keys.map { ring.place(of: $0) }
        #expect(Set(expected).count == 5)
        let answers = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 { group.addTask { keys.map { ring.place(of: $0) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: expected, count: 8))
    }

    @Test func oneServerHasAll() throws {
        #expect(try Set(owners(["cache"])) == ["cache"])
        #expect(try ring(["cache"]).place(of: "") == 0)
    }

    @Test func hasAtMostAHundred() throws {
        let many = (0..<101).map { "cache-\($0)" }
        #expect(throws: MemcachedError.self) { try ring(many) }
        #expect(throws: MemcachedError.self) { try ring([]) }
        #expect(try Set(owners(many.dropLast())).count == 100)
    }
}
