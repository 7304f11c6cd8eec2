/// The name of one record of a limit store: whose use of what. It is a keyed hash: nobody can be found by it.
public struct LimitKey: Sendable, Hashable {
    /// Whose use.
    public let scope: LimitScope
    /// Of what.
    public let limitClass: LimitClass
    /// The first half of the hash of the credential or the address.
    public let high: UInt64
    /// The second half.
    public let low: UInt64

    /// Makes a name of a hash.
    public init(_ scope: LimitScope, _ limitClass: LimitClass, high: UInt64, low: UInt64) {
        self.scope = scope
        self.limitClass = limitClass
        self.high = high
        self.low = low
    }

    /// Hashes what is a hash already.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(low)
    }

    /// The name as text: two letters and 32 hexadecimal digits, such as `ct0123…`.
    public var text: String {
        String(unsafeUninitializedCapacity: 34) { text in
            text[0] =
                switch scope {
                case .caller: UInt8(ascii: "c")
                case .address: UInt8(ascii: "a")
                }
            text[1] =
                switch limitClass {
                case .text: UInt8(ascii: "t")
                case .image: UInt8(ascii: "i")
                case .audio: UInt8(ascii: "a")
                case .files: UInt8(ascii: "f")
                }
            for index in 0..<32 {
                let half = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - index % 16 * 4)) & 15
                text[2 + index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 34
        }
    }
}
