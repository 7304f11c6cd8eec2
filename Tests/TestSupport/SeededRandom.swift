public import Relay
import Synchronization

/// The same numbers in every run: SplitMix64, https://prng.di.unimi.it/splitmix64.c
public final class SeededRandom: RandomSource {
    private let state: Mutex<UInt64>

    /// Starts the sequence of a seed.
    public init(seed: UInt64 = 1) {
        state = Mutex(seed)
    }

    /// The next number of the sequence.
    public func nextUInt64() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
