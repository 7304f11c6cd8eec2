import Dialects
import Wire

/// Fetches pictures one after the other, as far as there is room, for somebody who wants to know of silences.
///
/// What cannot be fetched is left out: whoever sees the others has its address.
struct PictureFetch: Sendable {
    /// What was fetched, in the order in which it was made.
    private(set) var pictures: [[UInt8]] = []
    private let calls: MediaCalls
    /// The addresses that are left of the picture at hand, and of those behind it.
    private var files: [[String]]
    private var room: Int
    private var call: (any UpstreamCall)?
    private var bytes: [UInt8] = []

    /// Begins with nothing fetched.
    ///
    /// - Parameter room: the most bytes of all pictures together.
    init(_ calls: MediaCalls, _ files: [[String]], room: Int) {
        self.calls = calls
        self.files = files
        self.room = room
    }

    /// Goes on until all pictures are there, or nothing came for as long as the caller wants to wait.
    ///
    /// - Throws: only when the task was cancelled.
    mutating func isComplete(silence: Duration?) async throws(UpstreamError) -> Bool {
        while !files.isEmpty {
            guard let call else {
                if files[0].isEmpty { files.removeFirst() } else { start(files[0].removeFirst()) }
                continue
            }
            do throws(UpstreamError) {
                switch try await call.next(silence: silence) {
                case .head(let status, _): if !(200..<300).contains(status) { drop() }
                case .bytes(let piece): take(piece)
                case .silence: return false
                case .end: finish()
                }
            } catch {
                if error.kind == .cancelled, Task.isCancelled { throw error }
                drop()
            }
        }
        return true
    }

    /// Gives up what is on its way.
    func cancel() {
        call?.cancel()
    }

    private mutating func start(_ address: String) {
        bytes = []
        call = calls.start(download: address)
    }

    private mutating func take(_ piece: [UInt8]) {
        bytes += piece
        guard bytes.count > room else { return }
        // At another address it would be as large.
        drop()
        files.removeFirst()
    }

    private mutating func finish() {
        pictures.append(bytes)
        room -= bytes.count
        drop()
        files.removeFirst()
    }

    /// Leaves the address at hand.
    private mutating func drop() {
        call?.cancel()
        call = nil
        bytes = []
    }
}
