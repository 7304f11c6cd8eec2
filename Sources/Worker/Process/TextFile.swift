internal import Glibc

/// Reading small text files, before the service starts.
enum TextFile {
    /// The largest file that is read, in bytes; configurations and secrets are far below.
    static let maximumBytes = 4 << 20

    /// Reads a file of UTF-8 text.
    ///
    /// - Returns: nil when it cannot be opened, is too large, or is not UTF-8.
    static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= maximumBytes {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(validating: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
        return nil
    }
}
