import Foundation
import Glibc

/// A directory of a test's own, which goes with everything in it when nobody has it any more.
final class TemporaryDirectory {
    struct Failed: Error {}

    private let root: String

    init(_ name: String) throws {
        var template = Array("/tmp/fastrelay-\(name)-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failed() }
        root = String(cString: made)
    }

    deinit {
        // Best effort: what is left is in /tmp.
        try? FileManager.default.removeItem(atPath: root)
    }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root) }
}
