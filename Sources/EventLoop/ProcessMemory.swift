internal import CLinux
internal import Glibc

/// The memory of the process.
public enum ProcessMemory {
    /// Gives back what no one uses. `malloc_trim(3)`
    ///
    /// Freed memory between pieces that are in use otherwise stays with the process for ever. This takes about a
    /// millisecond for each 20 MB, and allocations of other threads wait meanwhile: call it when nothing runs.
    public static func giveBack() {
        malloc_trim(0)
    }

    /// Lets go of the executable's and the libraries' pages that are never written to: code, constants, symbols.
    ///
    /// The linker, the language runtime and OpenSSL run through several megabytes of them once, when the process starts,
    /// and each request through some more. They stay resident, and shared hosting counts them for each of many
    /// processes. What is needed again comes back from the page cache, 64 KB at a time: the first request after this
    /// takes a fraction of a millisecond longer. Call it at the end of the start, and in moments of rest.
    ///
    /// `madvise(MADV_DONTNEED)` on each `PT_LOAD` without `PF_W`; what the linker has written to, and made read-only
    /// again (`PT_GNU_RELRO`), lies in those with it. dl_iterate_phdr(3), madvise(2)
    public static func releaseProgram() {
        unsafe dl_iterate_phdr(
            { object, _, _ in
                // The executable has no name, a library its path. What has another is the kernel's.
                guard let object = unsafe object?.pointee, let name = unsafe object.dlpi_name,
                    unsafe name.pointee == 0 || name.pointee == CChar(UInt8(ascii: "/"))
                else { return 0 }
                // Backwards: the first segment holds the headers that are read here.
                for index in unsafe (0..<Int(object.dlpi_phnum)).reversed() {
                    let segment = unsafe object.dlpi_phdr[index]
                    guard segment.p_type == PT_LOAD, segment.p_flags & UInt32(PF_W) == 0 else { continue }
                    let start = unsafe UInt(object.dlpi_addr &+ segment.p_vaddr)
                    let page = start & ~(UInt(getpagesize()) - 1)
                    unsafe madvise(
                        UnsafeMutableRawPointer(bitPattern: page), Int(start - page) + Int(segment.p_filesz),
                        MADV_DONTNEED)
                }
                return 0
            }, nil)
    }

    /// Hides it, and the environment that the process was started with, from other processes of the same user.
    ///
    /// No file of /proc/self but a few can be opened after that, unless by root. `PR_SET_DUMPABLE` in prctl(2)
    public static func hide() {
        _ = fastrelay_set_undumpable()
    }
}
