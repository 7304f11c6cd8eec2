/// What one process holds in one record on behalf of requests that it is answering.
public struct LimitLease: Sendable, Equatable {
    /// How many places among those at once.
    public var places = 0
    /// How many reserved tokens.
    public var tokens = 0
    /// Until when it is held, in seconds of the store's clock; what lies in the past is held no more.
    public var expires = 0

    /// Nothing.
    public init() {}

    /// Whether nothing is held, whatever the time.
    public var isEmpty: Bool { places == 0 && tokens == 0 }
}
