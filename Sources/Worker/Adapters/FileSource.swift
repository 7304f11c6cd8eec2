internal import CGI
internal import Relay

/// An open file as the relay sees it: a long body that was put into it while it came, or a stored file.
final class FileSource: ByteSource {
    private let file: SpoolFile

    /// Takes a file that has all its bytes.
    init(_ file: SpoolFile) {
        self.file = file
    }

    var count: Int { file.count }

    func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
        do throws(SpoolFile.Failure) {
            return try file.read(range)
        } catch {
            throw ByteSourceError()
        }
    }
}

extension ClientRequest.BodyProblem {
    /// Translates what went wrong between the web server and this process.
    init(_ problem: Request.BodyProblem) {
        self =
            switch problem {
            case .tooLarge(let limit): .tooLarge(limit: limit)
            case .timedOut, .overloaded: .timedOut
            case .brokenOff: .truncated
            case .notKept: .notKept
            }
    }
}
