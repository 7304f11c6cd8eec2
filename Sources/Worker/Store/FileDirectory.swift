internal import CGI
internal import Glibc
internal import Relay

/// The directory that has the bytes of files, each in a file of its own. Its functions wait for the disk.
///
/// What is here is not yet, or no longer, a file without a row in the database. Whoever writes bytes holds a lock on them
/// until the row is there; the kernel lets go of it when the process ends, however it ends. So whatever has neither a row
/// nor a lock was left behind by a process that was killed, and goes with the next `sweep`.
struct FileDirectory: Sendable {
    /// Why bytes cannot be written or found: one sentence for the operator.
    struct Trouble: Error {
        var reason: String
        /// Whether it is the directory's; else the bytes that were to be written could not be read.
        var isDirectorys = true
    }

    /// Bytes that were written, with the lock on them.
    final class Unfinished: Sendable {
        /// Their name in the directory.
        let place: String
        fileprivate let descriptor: Int32

        fileprivate init(place: String, descriptor: Int32) {
            self.place = place
            self.descriptor = descriptor
        }

        deinit { close(descriptor) }
    }

    /// What is copied at once, in bytes.
    private static let pieceBytes = 1 << 20
    /// Names that one `sweep` looks at.
    private static let sweepCount = 100_000

    let path: String

    /// Writes bytes to the disk, for the directory's user alone.
    ///
    /// - Parameters:
    ///   - mark: what names begin with that belong to the same database.
    ///   - name: unpredictable, and never used before.
    func write(_ content: FileContent, mark: String, name: String) throws(Trouble) -> Unfinished {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.trouble("it cannot be made") }
        let unfinished = try make("\(mark)-\(name)")
        do throws(Trouble) {
            try fill(unfinished.descriptor, content)
        } catch {
            remove(unfinished.place)
            throw error
        }
        return unfinished
    }

    /// Makes an empty file with a lock on it.
    private func make(_ place: String) throws(Trouble) -> Unfinished {
        // Another process may sweep between the calls for the file and for its lock.
        for _ in 0..<8 {
            let descriptor = open(file(place), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw Self.trouble("it cannot be written to") }
            let unfinished = Unfinished(place: place, descriptor: descriptor)
            // Some network file systems have no locks; nobody can sweep there either.
            _ = flock(descriptor, LOCK_EX)
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw Self.trouble("it cannot be written to") }
            if status.st_nlink > 0 { return unfinished }
        }
        throw Trouble(reason: "a file goes away while it is written")
    }

    private func fill(_ descriptor: Int32, _ content: FileContent) throws(Trouble) {
        var position = 0
        while position < content.count {
            let piece: [UInt8]
            do throws(ByteSourceError) {
                piece = try content.read(position..<min(position + Self.pieceBytes, content.count))
            } catch {
                throw Trouble(reason: "what was sent cannot be read", isDirectorys: false)
            }
            try Self.write(piece, to: descriptor)
            position += piece.count
        }
        guard fsync(descriptor) == 0 else { throw Self.trouble("it cannot be written to") }
        // The name, too, has to be there after a failure of power.
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.trouble("it cannot be opened") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.trouble("it cannot be written to") }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Trouble) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw trouble("it cannot be written to") }
            rest = rest.dropFirst(count)
        }
    }

    /// Opens bytes; `nil` when they are not there.
    func read(_ place: String, count: Int) throws(Trouble) -> FileSource? {
        let descriptor = open(file(place), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.trouble("a file cannot be opened")
        }
        // Closes it, whatever follows; open, it stays readable when it is deleted.
        let bytes = FileSource(SpoolFile(descriptor: descriptor, count: count))
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_uid == geteuid(), Int(status.st_size) == count
        else { throw Trouble(reason: "a file is not as it was written") }
        return bytes
    }

    /// Deletes bytes, if they are there.
    func remove(_ place: String) { unlink(file(place)) }

    /// The names that may have been left behind; at most so many as take a moment.
    func names(mark: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < Self.sweepCount, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(mark + "-") { names.append(name) }
        }
        return names
    }

    /// Takes the lock on bytes; `nil` when whoever writes them has it, or there are no locks here.
    func lock(_ place: String) -> Unfinished? {
        let descriptor = open(file(place), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let unfinished = Unfinished(place: place, descriptor: descriptor)
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? unfinished : nil
    }

    private func file(_ place: String) -> String { "\(path)/\(place)" }

    private static func trouble(_ what: String) -> Trouble {
        let number = errno
        return Trouble(
            reason: what + ": " + (strerror(number).map { String(cString: $0) } ?? "error \(number)"))
    }
}
