internal import CLinux

/// The memory of the process.
public enum ProcessMemory {
    /// Gives back what no one uses. `malloc_trim(3)`
    ///
    /// Freed memory between pieces that are in use otherwise stays with the process for ever. This takes about a
    /// millisecond for each 20 MB, and allocations of other threads wait meanwhile: call it when nothing runs.
    public static func giveBack() {
        malloc_trim(0)
    }

    /// Hides it, and the environment that the process was started with, from other processes of the same user.
    ///
    /// No file of /proc/self but a few can be opened after that, unless by root. `PR_SET_DUMPABLE` in prctl(2)
    public static func hide() {
        _ = fastrelay_set_undumpable()
    }
}
