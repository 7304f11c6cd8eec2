internal import EventLoop
internal import Glibc
internal import Relay
internal import Synchronization

/// A folder that processes of one user share, with a file for each name and a lock file beside it.
///
/// A file is written under another name and renamed, so nobody reads half of one. Whoever holds the lock on `NAME.lock`
/// renews the file; the kernel lets go of it when the process ends, however it ends. Only plain files that belong to
/// the process's own user, and that nobody else may write to, are read.
final class FileCatalogueStore: CatalogueStore {
    /// What can go wrong, each told to the log the first time only.
    private enum Trouble: Hashable {
        case directory, reading, writing, locking
    }

    private struct State {
        var told: Set<Trouble> = []
        /// The open lock files of claims.
        var claims: [String: Int32] = [:]
    }

    private let directory: String
    private let log: any ExchangeLog
    private let threads = ThreadPool(name: "store", limit: 1)
    private let state = Mutex(State())

    /// A store in a directory, which is made when it is missing and the one above it is there.
    init(directory: String, log: any ExchangeLog) {
        self.directory = directory
        self.log = log
    }

    deinit {
        for descriptor in state.withLock({ $0.claims.values }) { close(descriptor) }
    }

    func load(_ name: String, maximumBytes: Int) async -> [UInt8]? {
        await onThread { self.read(self.path(name), maximumBytes: maximumBytes) } ?? nil
    }

    func save(_ bytes: [UInt8], as name: String) async {
        _ = await onThread { self.write(bytes, to: self.path(name)) }
    }

    func claim(_ name: String) async -> Bool {
        // Where no thread can be had everybody may.
        await onThread { self.lock(name) } ?? true
    }

    func release(_ name: String) async {
        _ = await onThread {
            // Closing lets go of the lock.
            if let descriptor = self.state.withLock({ $0.claims.removeValue(forKey: name) }) {
                close(descriptor)
            }
        }
    }

    private func path(_ name: String) -> String {
        "\(directory)/\(name)"
    }

    /// Runs `work` on a thread beside the loops; `nil` when there is no thread for it.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let isAccepted = threads.submit { continuation.resume(returning: work()) }
            if !isAccepted { continuation.resume(returning: nil) }
        }
    }

    // MARK: Files

    private func read(_ path: String, maximumBytes: Int) -> [UInt8]? {
        // Not blocking: a pipe that somebody put there would wait for a writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno != ENOENT { tell(.reading, "cannot be read", errno) }
            return nil
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, Self.isOurs(status) else {
            tell(.reading, "is not used: it is no plain file of this user alone", nil)
            return nil
        }
        let count = Int(status.st_size)
        guard count <= maximumBytes else {
            tell(.reading, "is not used: it is too large", nil)
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress?.advanced(by: filled), count - filled)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else {
                tell(.reading, "cannot be read", errno)
                return nil
            }
            // Shorter than it was: the caller sees that something is missing.
            if read == 0 { break }
            filled += read
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    private static func isOurs(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
            && status.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    private func write(_ bytes: [UInt8], to path: String) {
        guard makeDirectory() else { return }
        // One name for all, so that a process that was killed leaves at most one such file. Without a lock two may
        // write at a time, and what is renamed then may be damaged, which its reader sees.
        let unfinished = path + ".new"
        unlink(unfinished)
        let file = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return tell(.writing, "cannot be written to", errno) }
        var number: Int32 = 0
        var rest = bytes[...]
        while !rest.isEmpty, number == 0 {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno != EINTR { number = errno }
            } else {
                rest = rest.dropFirst(count)
            }
        }
        if close(file) != 0, number == 0 { number = errno }
        if number == 0, rename(unfinished, path) != 0 { number = errno }
        guard number != 0 else { return }
        unlink(unfinished)
        tell(.writing, "cannot be written to", number)
    }

    private func lock(_ name: String) -> Bool {
        guard makeDirectory() else { return true }
        let file = open(
            path(name) + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else {
            tell(.locking, "cannot be locked", errno)
            return true
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(file)
            if number == EWOULDBLOCK { return false }
            // Some network file systems have no locks.
            tell(.locking, "cannot be locked", number)
            return true
        }
        state.withLock { state in
            if let former = state.claims.updateValue(file, forKey: name) { close(former) }
        }
        return true
    }

    private func makeDirectory() -> Bool {
        if mkdir(directory, 0o700) == 0 || errno == EEXIST { return true }
        tell(.directory, "cannot be made", errno)
        return false
    }

    private func tell(_ trouble: Trouble, _ what: String, _ number: Int32?) {
        guard state.withLock({ $0.told.insert(trouble).inserted }) else { return }
        var reason = what
        if let number { reason += ": " + (strerror(number).map { String(cString: $0) } ?? "error \(number)") }
        log.event(
            .warning, "cache directory cannot be used",
            [LogField("directory", .string(directory)), LogField("reason", .string(reason))])
    }
}
