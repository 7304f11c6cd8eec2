internal import CLinux
internal import Glibc

/// A process that this one started and has to bury.
public struct ChildProcess: Sendable {
    /// Its number, until `reap` has told of its end.
    public let id: Int32

    /// How a process ended.
    public enum End: Sendable, Equatable {
        /// By itself, with this code.
        case exited(Int32)
        /// By this signal.
        case killed(Int32)
    }

    /// The first of the child's descriptors that are handed over.
    public static let firstDescriptor: Int32 = 3
    /// Copies for the child are made above this, where they overwrite none that is still to be copied.
    private static let firstSpareDescriptor: Int32 = 64

    /// Starts a process that has nothing of this one but what is given here, standard output and standard error.
    ///
    /// No signal is blocked or ignored in it, and its standard input is empty. Blocks until the file is loaded, so call
    /// it on no loop's thread.
    ///
    /// - Parameters:
    ///   - executable: the path of the file.
    ///   - arguments: with the program's name first.
    ///   - environment: texts of the form `NAME=VALUE`.
    ///   - descriptors: become 3, 4 and so on in the child, in this order; they stay open here.
    /// - Throws: `EventLoopError` when there is no such file, it is not executable, or there is no room for a process.
    ///   A file that turns out to be no program may also show as an end with code 127.
    public init(
        executable: String, arguments: [[UInt8]], environment: [[UInt8]], descriptors: [Int32]
    ) throws(EventLoopError) {
        var spares: [Int32] = []
        defer { for spare in spares { close(spare) } }
        for descriptor in descriptors {
            spares.append(
                try systemCall("fcntl") {
                    fcntl(descriptor, F_DUPFD_CLOEXEC, Self.firstSpareDescriptor)
                })
        }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (offset, spare) in spares.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, spare, Self.firstDescriptor + Int32(offset))
        }
        // Not everything is close-on-exec: libcurl 7.88 opens its sockets without.
        unsafe posix_spawn_file_actions_addclosefrom_np(
            &actions, Self.firstDescriptor + Int32(spares.count))

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        // SIGPIPE is ignored here, and that would be inherited.
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argumentPointers = unsafe Self.copies(arguments)
        var environmentPointers = unsafe Self.copies(environment)
        defer {
            unsafe (argumentPointers + environmentPointers).forEach { unsafe $0?.deallocate() }
        }
        var id: pid_t = 0
        let code = unsafe posix_spawn(
            &id, executable, &actions, &attributes, &argumentPointers, &environmentPointers)
        guard code == 0 else {
            errno = code
            throw EventLoopError(function: "posix_spawn")
        }
        self.id = id
    }

    /// Sends a signal. Not after `reap` has told of its end, for the number may be another's then.
    public func signal(_ number: Int32) {
        kill(id, number)
    }

    /// How the process ended; nil while it runs. Once told, it is forgotten by the system. `waitpid`
    public func reap() -> End? {
        var status: Int32 = 0
        guard unsafe waitpid(id, &status, WNOHANG) == id else { return nil }
        // WIFEXITED, WEXITSTATUS and WTERMSIG, which are macros (wait(2)).
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal)
    }

    private static func copies(_ texts: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
        for text in texts {
            let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: text.count + 1)
            for (index, byte) in text.enumerated() { unsafe pointer[index] = CChar(bitPattern: byte) }
            unsafe pointer[text.count] = 0
            unsafe pointers.append(pointer)
        }
        unsafe pointers.append(nil)
        return unsafe pointers
    }
}
