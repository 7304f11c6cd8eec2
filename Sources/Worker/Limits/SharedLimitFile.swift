internal import Glibc
internal import Relay

/// Finds or makes the file in which the processes of a machine count.
enum SharedLimitFile {
    /// Why it is not used: a few words for the operator.
    struct Refusal: Error {
        var reason: String
        /// Whether others are just making it, so that it can be had soon.
        var isBusy = false
    }

    /// Opens the file, or makes it. Several processes that do so at once get the same one.
    ///
    /// One that another program left there is kept beside it as `PATH.bad`, the last of them. It is never written to
    /// in place, for others may have it in their memory.
    ///
    /// - Parameter replacesOtherVersions: whether a file that another version of this program made is replaced, or one of
    ///   before the machine was started. Two versions that run side by side would otherwise do that to each other for ever.
    /// - Parameter maximumWait: how long others that make the file are waited for, in milliseconds; that blocks.
    static func open(
        _ path: String, layout: LimitTableLayout, replacesOtherVersions: Bool, maximumWait: Int
    ) throws(Refusal) -> SharedMapping {
        if case .whole(let mapping) = try find(path, layout) { return mapping }
        makeDirectory(path)
        let lock = try lock(path + ".lock", maximumWait)
        // Closing lets go of it.
        defer { close(lock) }
        switch try find(path, layout) {
        case .whole(let mapping): return mapping
        case .missing: break
        case .otherVersion:
            guard replacesOtherVersions else {
                throw Refusal(reason: "another version of this program, or another machine, made it")
            }
        case .foreign:
            guard rename(path, path + ".bad") == 0 else { throw refusal("it cannot be moved away", errno) }
        }
        return try make(path, layout)
    }

    /// Which file the name stands for now; nil for none.
    static func identity(_ path: String) -> FileIdentity? {
        var status = stat()
        return lstat(path, &status) == 0 ? FileIdentity(status) : nil
    }

    private enum Finding {
        case missing, foreign, otherVersion
        case whole(SharedMapping)
    }

    private static func find(_ path: String, _ layout: LimitTableLayout) throws(Refusal) -> Finding {
        // Not blocking: a pipe that somebody put there would wait for its other end.
        let file = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return .missing }
            throw refusal("it cannot be opened", errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, isOurs(status) else {
            throw Refusal(reason: "it is no plain file of this user alone")
        }
        var header = [UInt8](repeating: 0, count: LimitTableLayout.headerBytes)
        let count = header.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw refusal("it cannot be read", errno) }
        switch layout.verdict(onHeader: header.prefix(count)) {
        case .foreign: return .foreign
        case .otherVersion: return .otherVersion
        case .same: break
        }
        // Somebody cut it short, or it was never whole.
        guard Int(status.st_size) == layout.fileBytes else { return .foreign }
        guard let mapping = SharedMapping(file: file, identity: FileIdentity(status), count: layout.fileBytes)
        else { throw refusal("it cannot be mapped", errno) }
        return .whole(mapping)
    }

    private static func isOurs(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
            && status.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    /// Makes it under another name, so that nobody finds half of one. Only who has the lock may.
    private static func make(_ path: String, _ layout: LimitTableLayout) throws(Refusal) -> SharedMapping {
        let unfinished = path + ".new"
        unlink(unfinished)
        let file = Glibc.open(unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw refusal("it cannot be made", errno) }
        defer { close(file) }
        let header = layout.header(createdUnixSeconds: time(nil), salt: LimitSalt())
        // Full of holes: only what is used takes room.
        guard ftruncate(file, off_t(layout.fileBytes)) == 0,
            header.withUnsafeBytes({ pwrite(file, $0.baseAddress, $0.count, 0) }) == header.count
        else { throw abandon(unfinished, "it cannot be written to") }
        var status = stat()
        guard fstat(file, &status) == 0,
            let mapping = SharedMapping(file: file, identity: FileIdentity(status), count: layout.fileBytes)
        else { throw abandon(unfinished, "it cannot be mapped") }
        guard rename(unfinished, path) == 0 else { throw abandon(unfinished, "it cannot be renamed") }
        return mapping
    }

    private static func abandon(_ unfinished: String, _ what: String) -> Refusal {
        let number = errno
        unlink(unfinished)
        return refusal(what, number)
    }

    private static func makeDirectory(_ path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return }
        // One that cannot be made is told of by what follows.
        mkdir(String(path[..<slash]), 0o700)
    }

    private static func lock(_ path: String, _ maximumWait: Int) throws(Refusal) -> Int32 {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw refusal("its lock file cannot be opened", errno) }
        var waited = 0
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR, waited < maximumWait else {
                close(file)
                var refusal = refusal("it cannot be locked", number)
                refusal.isBusy = number == EWOULDBLOCK
                throw refusal
            }
            waited += 1
            usleep(1000)
        }
        return file
    }

    private static func refusal(_ what: String, _ number: Int32) -> Refusal {
        Refusal(reason: what + ": " + (strerror(number).map { String(cString: $0) } ?? "error \(number)"))
    }
}
