internal import Glibc

/// Reading small files, before the service starts or on a thread beside its loops.
enum SmallFile {
    /// The largest file that is read, in bytes; configurations and secrets are far below.
    static let maximumBytes = 4 << 20

    /// Why a file cannot be read, in the system's words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a file.
    ///
    /// - Throws: `Failure` when it cannot be opened or read, or is too large.
    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw systemFailure() }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= maximumBytes {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw systemFailure() }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
        throw Failure(description: "is larger than \(maximumBytes >> 20) MiB")
    }

    private static func systemFailure() -> Failure {
        Failure(description: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
    }
}
