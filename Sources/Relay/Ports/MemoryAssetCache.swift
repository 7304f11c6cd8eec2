import Synchronization
import Wire

/// The memory of one process, for one where no store is configured. Whoever was not asked for longest is forgotten first.
public final class MemoryAssetCache: AssetCache {
    private struct Name: Hashable {
        var caller: [UInt8]
        var key: AssetKey
    }

    private struct Entry {
        var asset: UploadedAsset
        var until: Int
        var lastUse: Int
    }

    private struct State {
        var entries: [Name: Entry] = [:]
        var uses = 0
    }

    private let clock: any RelayClock
    /// Credentials are not kept, only their code under this.
    private let secret: [UInt8]
    private let maximumEntries: Int
    private let state = Mutex(State())

    /// An empty memory.
    ///
    /// - Parameter maximumEntries: uploads of all callers together; some 300 bytes each.
    public init(clock: any RelayClock, random: any RandomSource, maximumEntries: Int = 4096) {
        self.clock = clock
        self.maximumEntries = max(1, maximumEntries)
        secret = random.bytes(32)
    }

    /// How many uploads it remembers.
    public var count: Int { state.withLock { $0.entries.count } }

    /// Where the vendor has the bytes.
    public func asset(_ key: AssetKey, for credential: String) async -> UploadedAsset? {
        let name = name(key, credential)
        let now = clock.unixTime().seconds
        return state.withLock { state in
            guard let entry = state.entries[name] else { return nil }
            guard entry.until > now else {
                state.entries[name] = nil
                return nil
            }
            state.uses += 1
            state.entries[name]?.lastUse = state.uses
            return entry.asset
        }
    }

    /// Remembers an upload.
    public func remember(
        _ asset: UploadedAsset, as key: AssetKey, until: Int, for credential: String
    ) async {
        let name = name(key, credential)
        let now = clock.unixTime().seconds
        state.withLock { state in
            state.uses += 1
            state.entries[name] = Entry(asset: asset, until: until, lastUse: state.uses)
            if state.entries.count > maximumEntries { makeRoom(in: &state, now) }
        }
    }

    /// Forgets an upload.
    public func forget(_ key: AssetKey, for credential: String) async {
        let name = name(key, credential)
        state.withLock { $0.entries[name] = nil }
    }

    /// Forgets more than one, so that not every upload looks through all of them.
    private func makeRoom(in state: inout State, _ now: Int) {
        state.entries = state.entries.filter { $0.value.until > now }
        let excess = state.entries.count - maximumEntries
        guard excess > 0 else { return }
        let count = min(state.entries.count - 1, excess + maximumEntries / 8)
        let oldest = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(count)
        for (name, _) in oldest { state.entries[name] = nil }
    }

    private func name(_ key: AssetKey, _ credential: String) -> Name {
        Name(caller: SHA256.code(for: Array(credential.utf8), key: secret), key: key)
    }
}
