internal import Relay

/// The system's generator for cryptographic use (`getrandom` by way of the standard library).
struct SystemRandom: RandomSource {
    func nextUInt64() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
