import Synchronization

/// Counts from any thread.
public final class Counter: Sendable {
    private let count = Atomic(0)

    /// Starts at 0.
    public init() {}

    /// The count now.
    public var value: Int { count.load(ordering: .relaxed) }

    /// The count before this call, which adds one.
    public func next() -> Int {
        count.wrappingAdd(1, ordering: .relaxed).oldValue
    }
}
