internal import Glibc

/// What tells one run of the machine from the next. Times of its clock are to be compared only within one.
struct BootIdentity: Sendable, Equatable {
    /// How many bytes it has.
    static let count = 16

    /// That of this run; nothing but zeroes where the kernel does not tell, such as without `/proc`. Then all runs are one,
    /// and what was counted in another counts as if no time had passed.
    ///
    /// It is a UUID that is drawn at each start: `/proc/sys/kernel/random/boot_id`,
    /// https://man7.org/linux/man-pages/man4/random.4.html
    static let current = BootIdentity(text: kernelText())

    /// As it is written to files.
    let bytes: [UInt8]

    /// Reads a UUID; what is none is nothing but zeroes.
    init(text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        let isWhole = digits.count == 2 * Self.count
        bytes = (0..<Self.count).map { isWhole ? UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) : 0 }
    }

    private static func kernelText() -> String {
        let file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = text.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        return String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
    }
}
