internal import Glibc
internal import Relay
internal import Synchronization

/// The system's generator for cryptographic use, asked for many numbers at a time: an exchange needs four, and a system
/// call for each would be a third of all its calls. `/dev/urandom`, see random(4)
final class SystemRandom: RandomSource {
    private let device = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
    private let reserve = Mutex<[UInt64]>([])

    /// Numbers per system call.
    private static let reserveCount = 32

    deinit {
        if device >= 0 { close(device) }
    }

    func nextUInt64() -> UInt64 {
        reserve.withLock { reserve in
            if let number = reserve.popLast() { return number }
            reserve = [UInt64](repeating: 0, count: Self.reserveCount)
            let count = reserve.withUnsafeMutableBytes { read(device, $0.baseAddress, $0.count) }
            guard count == Self.reserveCount * MemoryLayout<UInt64>.size, let number = reserve.popLast()
            else {
                // Where there is no such device, such as in a bare chroot, the standard library has its own way.
                reserve = []
                return UInt64.random(in: 0...UInt64.max)
            }
            return number
        }
    }
}
