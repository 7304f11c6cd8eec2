internal import EventLoop
internal import Glibc
internal import Synchronization

/// A file without a name that holds one long body, and is gone with its last reference, however the process ends; or one
/// that others keep, open to be read.
///
/// Written by one thread before others read it.
public final class SpoolFile: Sendable {
    /// Why a file cannot be made, written or read, in the system's words.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        /// The C function and the system's sentence, such as `write: No space left on device`.
        public let description: String

        /// Reads `errno`; to be made before anything else could change it.
        init(_ function: String) {
            let sentence = unsafe strerror(errno)
            description = unsafe "\(function): \(sentence.map { unsafe String(cString: $0) } ?? "error")"
        }
    }

    private let descriptor: Int32
    private let written = Atomic(0)

    /// How many bytes there are.
    public var count: Int { written.load(ordering: .acquiring) }

    /// `O_TMPFILE`, which the toolchain's Glibc module leaves out (asm-generic/fcntl.h).
    private static let unnamed = 0o20_000_000 | O_DIRECTORY

    /// Makes an empty one in a directory, which is where its bytes need room.
    ///
    /// - Throws: `Failure` when the directory is missing, cannot be written to, or has no room.
    public init(in directory: String) throws(Failure) {
        let unnamed = unsafe open(directory, Self.unnamed | O_RDWR | O_CLOEXEC | O_EXCL, 0o600)
        // Not every file system can make a file without a name: open(2).
        descriptor = unnamed >= 0 ? unnamed : try Self.openNamed(in: directory)
    }

    /// Takes an open file, which is the object's from now on, with so many bytes in it.
    public init(descriptor: Int32, count: Int = 0) {
        self.descriptor = descriptor
        written.store(count, ordering: .releasing)
    }

    /// Closing gives back all that the file took, which is no work for a loop's thread.
    private static let closers = ThreadPool(name: "body-close", limit: 1)

    deinit {
        let descriptor = descriptor
        if !Self.closers.submit({ close(descriptor) }) { close(descriptor) }
    }

    /// Makes a file and takes its name away. `mkstemp`
    private static func openNamed(in directory: String) throws(Failure) -> Int32 {
        var path = Array("\(directory)/fastrelay-body.XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&path)
        guard descriptor >= 0 else { throw Failure("mkstemp") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unsafe unlink(path)
        return descriptor
    }

    /// Adds bytes at the end. It may wait for a disk. `pwrite`
    ///
    /// - Throws: `Failure`, as when the disk is full.
    public func append(_ bytes: Span<UInt8>) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let end = count
            let result = unsafe bytes.extracting(done...).withUnsafeBytes { rest in
                unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(end))
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Failure("write") }
            done += result
            written.add(result, ordering: .releasing)
        }
    }

    /// Reads exactly these bytes. It may wait for a disk. From several threads at a time. `pread`
    ///
    /// - Throws: `Failure` when they are not there, or cannot be read.
    public func read(_ range: Range<Int>) throws(Failure) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            errno = EINVAL
            throw Failure("read")
        }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
            while initialized < range.count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[initialized...])
                let position = off_t(range.lowerBound + initialized)
                let result = unsafe pread(descriptor, rest.baseAddress, range.count - initialized, position)
                if result < 0, errno == EINTR { continue }
                guard result > 0 else { return }
                initialized += result
            }
        }
        guard bytes.count == range.count else { throw Failure("read") }
        return bytes
    }
}
