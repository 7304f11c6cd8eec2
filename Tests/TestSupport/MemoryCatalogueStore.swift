public import Relay
import Synchronization

/// A store in memory; two relays that have the same one are two processes with one cache directory.
public final class MemoryCatalogueStore: CatalogueStore {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var claimed: Set<String> = []
        var claimCount = 0
        var saveCount = 0
    }

    private let state = Mutex(State())
    private let saving: TestGate?

    /// An empty store.
    ///
    /// - Parameter saving: what every save waits for, as for a slow disk.
    public init(saving: TestGate? = nil) {
        self.saving = saving
    }

    /// What is stored; setting it is what another process does.
    public var files: [String: [UInt8]] {
        get { state.withLock { $0.files } }
        set { state.withLock { $0.files = newValue } }
    }
    /// How often somebody asked to renew something.
    public var claimCount: Int { state.withLock { $0.claimCount } }
    /// Whether somebody has the task to renew something.
    public var isClaimed: Bool { state.withLock { !$0.claimed.isEmpty } }
    /// How often something was saved.
    public var saveCount: Int { state.withLock { $0.saveCount } }

    /// Finds what was saved.
    public func load(_ name: String, maximumBytes: Int) async -> [UInt8]? {
        state.withLock { $0.files[name] }.flatMap { $0.count <= maximumBytes ? $0 : nil }
    }

    /// Keeps bytes.
    public func save(_ bytes: [UInt8], as name: String) async {
        _ = await saving?.wait()
        state.withLock { state in
            state.files[name] = bytes
            state.saveCount += 1
        }
    }

    /// Lets one at a time.
    public func claim(_ name: String) async -> Bool {
        state.withLock { state in
            state.claimCount += 1
            return state.claimed.insert(name).inserted
        }
    }

    /// Lets the next one.
    public func release(_ name: String) async {
        state.withLock { _ = $0.claimed.remove(name) }
    }
}
