import Relay
import Testing
import TestSupport

@testable import Worker

/// What every memory of uploads does.
@Suite(.timeLimit(.minutes(1))) final class AssetCacheTests {
    enum Kind: CaseIterable { case memory, file }

    let directory = try? TemporaryDirectory("assets")
    let clock = ManualClock()

    func connection() throws -> StoreConnection {
        StoreConnection(
            path: try #require(directory).path("store.db"), maximumBytes: 1 << 30, limits: StoreLimits(),
            clock: clock, random: SystemRandom(), log: RecordingLog())
    }

    func cache(_ kind: Kind) throws -> any AssetCache {
        switch kind {
        case .memory: MemoryAssetCache(clock: clock, random: SystemRandom())
        case .file: SQLiteAssetCache(try connection())
        }
    }

    let key = AssetKey(provider: "onemin", hash: [1, 2, 3], fileExtension: "png")
    var now: Int { clock.unixTime().seconds }

    @Test(arguments: Kind.allCases)
    func `an upload is its caller's until its time`(kind: Kind) async throws {
        let cache = try cache(kind)
        let asset = UploadedAsset(path: "images/a.png", uuid: "u")
        #expect(await cache.asset(key, for: "k") == nil)
        await cache.remember(asset, as: key, until: now + 10, for: "k")
        #expect(await cache.asset(key, for: "k") == asset)
        #expect(await cache.asset(key, for: "other") == nil)
        for change: (inout AssetKey) -> Void in [
            { $0.provider = "else" }, { $0.hash = [1, 2] }, { $0.fileExtension = "jpg" },
        ] {
            var other = key
            change(&other)
            #expect(await cache.asset(other, for: "k") == nil)
            await cache.forget(other, for: "k")
        }
        await cache.forget(key, for: "other")
        #expect(await cache.asset(key, for: "k") == asset)
        let later = UploadedAsset(path: "images/b.png", uuid: nil)
        await cache.remember(later, as: key, until: now + 20, for: "k")
        clock.advance(by: .seconds(19))
        #expect(await cache.asset(key, for: "k") == later)
        clock.advance(by: .seconds(1))
        #expect(await cache.asset(key, for: "k") == nil)
        await cache.remember(later, as: key, until: now + 20, for: "k")
        await cache.forget(key, for: "k")
        #expect(await cache.asset(key, for: "k") == nil)
    }

    @Test func `memory forgets what was not used for longest`() async throws {
        let cache = MemoryAssetCache(clock: clock, random: SystemRandom(), maximumEntries: 16)
        func key(_ number: UInt8) -> AssetKey {
            AssetKey(provider: "p", hash: [number], fileExtension: "png")
        }
        for number in 0..<16 as Range<UInt8> {
            await cache.remember(
                UploadedAsset(path: "\(number)", uuid: nil), as: key(number), until: now + 99, for: "k")
        }
        #expect(await cache.asset(key(0), for: "k") != nil)
        await cache.remember(UploadedAsset(path: "x", uuid: nil), as: key(99), until: now + 99, for: "k")
        #expect(cache.count <= 16)
        #expect(await cache.asset(key(0), for: "k") != nil)
        #expect(await cache.asset(key(1), for: "k") == nil)
        #expect(await cache.asset(key(15), for: "k") != nil)
        #expect(await cache.asset(key(99), for: "k") != nil)
    }

    @Test func `processes share it, and a deleted file takes it along`() async throws {
        let (one, other) = (SQLiteAssetCache(try connection()), SQLiteAssetCache(try connection()))
        let files = SQLiteFileStore(
            try connection(), directory: try #require(directory).path("bytes"), limits: FileLimits(),
            random: SystemRandom(), log: RecordingLog())
        let asset = UploadedAsset(path: "images/a.png", uuid: nil)
        await one.remember(asset, as: key, until: now + 99, for: "k")
        await one.remember(asset, as: key, until: now + 99, for: "else")
        #expect(await other.asset(key, for: "k") == asset)
        let file = StoredFile(
            id: "f", name: "a.png", purpose: "vision", mediaType: "image/png", count: 1, hash: key.hash,
            created: now)
        try await files.save(file, content: .bytes([1]), for: "k")
        #expect(try await files.deleteFile("f", for: "k"))
        #expect(await other.asset(key, for: "k") == nil)
        #expect(await other.asset(key, for: "else") == asset)
    }

    @Test func `a database that cannot be used only means that nothing is known`() async throws {
        let connection = StoreConnection(
            path: try #require(directory).path("missing/folder/store.db"), maximumBytes: 1 << 30,
            limits: StoreLimits(), clock: clock, random: SystemRandom(), log: RecordingLog())
        let cache = SQLiteAssetCache(connection)
        await cache.remember(UploadedAsset(path: "p", uuid: nil), as: key, until: now + 9, for: "k")
        #expect(await cache.asset(key, for: "k") == nil)
        await cache.forget(key, for: "k")
    }
}
