internal import EventLoop
internal import Glibc

/// What a running worker hands to the one that takes its place: the listening socket as descriptor 3, and as descriptor 4
/// a pipe to say on how the start went. The worker closes its end when the successor is the main process of the service.
struct Inheritance: Equatable, Sendable {
    /// The socket's file, which the successor removes at its end; nil for none.
    let file: ListeningSocket.File?

    /// The variable that tells of it.
    static let variable = "FASTRELAY_TAKEOVER"
    /// Where the successor finds the listening socket.
    static let socketDescriptor = ChildProcess.firstDescriptor
    /// Where the successor says that it is ready, or why not.
    static let pipeDescriptor = ChildProcess.firstDescriptor + 1
    /// What it says when it is ready; anything else is the reason why not.
    static let readyWord = "ready\n"

    /// Hands over a file, or none.
    init(file: ListeningSocket.File?) {
        self.file = file
    }

    /// Reads the variable; nil when it is not there, or an ancestor other than the parent left it behind.
    init?(_ variables: [String: String], parent: Int32) {
        guard let text = variables[Self.variable] else { return nil }
        let parts = text.split(separator: " ", maxSplits: 3).map(String.init)
        guard let first = parts.first, Int32(first) == parent else { return nil }
        if parts.count == 4, let device = UInt64(parts[1]), let inode = UInt64(parts[2]) {
            file = ListeningSocket.File(path: parts[3], device: device, inode: inode)
        } else {
            file = nil
        }
    }

    /// The variable as it stands in the successor's environment.
    ///
    /// - Parameter parent: the process that starts it.
    func text(parent: Int32) -> String {
        let place = file.map { " \($0.device) \($0.inode) \($0.path)" } ?? ""
        return "\(Self.variable)=\(parent)\(place)"
    }

    /// Tells the predecessor that it may leave. Once, instead of `fail`; on the loop's thread.
    ///
    /// - Parameters:
    ///   - loop: where to wait for the predecessor.
    ///   - whenReleased: called on its thread when the predecessor has said who the main process is, or is gone.
    func succeed(on loop: EventLoop, whenReleased: @escaping () -> Void) {
        say(Self.readyWord)
        let release = Release(loop: loop, whenDone: whenReleased)
        do {
            // Nothing can be read from it; that its other end is closed is always told.
            try loop.watch(Self.pipeDescriptor, for: [], release)
        } catch {
            release.fileIsReady([])
        }
    }

    /// Tells the predecessor why it has to go on. Once, instead of `succeed`.
    func fail(_ reason: String) {
        say(reason)
        close(Self.pipeDescriptor)
    }

    /// Has a middle man tell who the successor is, which has said already that it is ready.
    func name(_ successor: Int32) {
        say("\(successor)\n")
    }

    /// The successor that `name` told of; nil as long as the text has none.
    static func successor(in text: some Sequence<UInt8>) -> Int32? {
        let words = String(decoding: Array(text), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard words.count == 3, words[0] + "\n" == readyWord, words[2].isEmpty else { return nil }
        return Int32(words[1])
    }

    private func say(_ text: String) {
        // A predecessor that is gone needs no word; SIGPIPE may not be ignored yet.
        signal(SIGPIPE, SIG_IGN)
        let bytes = Array(text.utf8)
        _ = write(Self.pipeDescriptor, bytes, bytes.count)
    }

    /// Waits until the predecessor closes its end of the pipe.
    private final class Release: FileWatcher {
        private let loop: EventLoop
        private let whenDone: () -> Void

        init(loop: EventLoop, whenDone: @escaping () -> Void) {
            self.loop = loop
            self.whenDone = whenDone
        }

        func fileIsReady(_ what: FileInterest) {
            loop.unwatch(Inheritance.pipeDescriptor)
            close(Inheritance.pipeDescriptor)
            whenDone()
        }
    }
}
