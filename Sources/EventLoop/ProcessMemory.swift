internal import CLinux

/// The memory that the process has from the system.
public enum ProcessMemory {
    /// Gives back what no one uses. `malloc_trim(3)`
    ///
    /// Freed memory between pieces that are in use otherwise stays with the process for ever. This takes about a
    /// millisecond for each 20 MB, and allocations of other threads wait meanwhile: call it when nothing runs.
    public static func giveBack() {
        malloc_trim(0)
    }
}
