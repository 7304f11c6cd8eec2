/// What stands for a credential or an address wherever something is counted or remembered: 128 bits, see `CallerDigest`.
struct LimitDigest: Sendable, Hashable {
    /// The first half.
    let high: UInt64
    /// The second half.
    let low: UInt64
}

extension LimitKey {
    /// The record in which one subject's use of one class is counted.
    init(_ scope: LimitScope, _ limitClass: LimitClass, _ digest: LimitDigest) {
        self.init(scope, limitClass, high: digest.high, low: digest.low)
    }
}
