/// Where the use of limited things is counted, by one process, by all of a machine, or by a fleet.
///
/// A claim is decided in one atomic step: either all its records have room and all count it, or none does. What was
/// granted is held until it is settled, or until the process has not renewed it for the lease time.
///
/// Nothing here throws: what happens when a store cannot be asked is said by the rules (`LimitRules.StoreFailure`). It
/// never blocks the caller's thread, and may be called from any.
public protocol LimitStore: Sendable {
    /// Decides a claim.
    ///
    /// - Returns: nil where that takes time; then nothing has happened, and `admit` decides.
    func admitAtOnce(_ claim: LimitClaim) -> LimitDecision?

    /// Begins to decide a claim, so that something else can be done meanwhile.
    ///
    /// - Returns: what tells the decision, which has to be asked for; nil where nothing was begun, and `admit` decides.
    func begin(_ claim: LimitClaim) -> (any LimitInquiry)?

    /// Decides a claim, however long that takes. What is granted to a task that was cancelled meanwhile is granted all
    /// the same, and for the caller to settle.
    func admit(_ claim: LimitClaim) async -> LimitDecision

    /// Ends what was granted to one request. Returns at once; what has to be written is written soon.
    ///
    /// - Parameters:
    ///   - usedTokens: what the request really used; it counts where tokens were reserved.
    ///   - isUndone: whether the request is not to have been counted, for it was refused after all.
    func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool)

    /// Tells that all that is held and not settled is still in use. Returns at once.
    ///
    /// To be called several times within the lease time.
    func renew()

    /// Writes what is not written yet, for the end of the process. Blocks, for about a second at most.
    func finish()

    /// The state, for those who look after the machine.
    var health: LimitStoreHealth { get }
}

extension LimitStore {
    /// Does nothing: most stores write at once.
    public func finish() {}
    /// Begins nothing: most stores decide at once.
    public func begin(_ claim: LimitClaim) -> (any LimitInquiry)? { nil }
}

/// A claim that a store is deciding.
public protocol LimitInquiry: Sendable {
    /// Waits for the decision. To be asked once, whatever comes: what is granted has to be settled.
    func decision() async -> LimitDecision
}

/// The state of a limit store.
public struct LimitStoreHealth: Sendable, Equatable {
    /// One place where counts are kept.
    public struct Place: Sendable, Equatable {
        /// What it is called, such as `127.0.0.1:11211`.
        public var name: String
        /// Whether it answers.
        public var isUp: Bool
        /// Why it does not; empty where it does.
        public var reason: String

        /// Puts it together.
        public init(name: String, isUp: Bool, reason: String = "") {
            self.name = name
            self.isUp = isUp
            self.reason = reason
        }
    }

    /// What kind of store it is: `none`, `process`, `machine` or `memcached`.
    public var kind: String
    /// Its places.
    public var places: [Place]

    /// Puts it together.
    public init(kind: String, places: [Place] = []) {
        self.kind = kind
        self.places = places
    }
}

/// The store that counts nothing and lets everything pass.
public struct NoLimitStore: LimitStore {
    /// Makes one; it has no state.
    public init() {}

    /// Grants everything.
    public func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? { .unlimited }
    /// Grants everything.
    public func admit(_ claim: LimitClaim) async -> LimitDecision { .unlimited }
    /// Does nothing.
    public func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {}
    /// Does nothing.
    public func renew() {}
    /// Says that there is none.
    public var health: LimitStoreHealth { LimitStoreHealth(kind: "none") }
}
