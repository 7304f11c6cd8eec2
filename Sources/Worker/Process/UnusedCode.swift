internal import Glibc

/// Pages of code that nobody comes back to soon.
///
/// The linker, the language runtime and OpenSSL run through several megabytes of code once, when the process starts, and
/// each request through some more. The pages stay resident, and shared hosting counts them for each of many processes.
enum UnusedCode {
    /// Lets go of all mapped code; what is needed again comes back from the page cache, 64 KB at a time.
    ///
    /// For the end of the start, and for moments of rest: the first request after it takes a fraction of a millisecond
    /// longer. Code is never written to, so nothing can be lost. `madvise(MADV_DONTNEED)`
    static func release() {
        guard let maps = try? SmallFile.read("/proc/self/maps") else { return }
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            // 7f0a12345000-7f0a12367000 r-xp 00022000 fe:01 1234    /usr/lib/…
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count == 6, fields[1].elementsEqual("r-xp".utf8),
                fields[5].first == UInt8(ascii: "/")
            else { continue }
            let bounds = fields[0].split(separator: UInt8(ascii: "-")).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard bounds.count == 2, let start = UInt(bounds[0], radix: 16),
                let end = UInt(bounds[1], radix: 16),
                start < end
            else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
        }
    }
}
