import EventLoop
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ListeningSocketTests {
    /// A path in a fresh directory.
    private static func freshPath() throws -> String {
        var template = Array("/tmp/fastrelay-test.XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template))
        return String(cString: directory) + "/socket"
    }

    private static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    @Test func `a Unix socket has the mode asked for and disappears with its object`() throws {
        let path = try Self.freshPath()
        var socket: ListeningSocket? = try ListeningSocket(.unix(path: path, mode: 0o620, group: nil))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o620)
        #expect(try socket?.accept() == nil)
        socket = nil
        #expect(!Self.exists(path))
    }

    // One socket is shared with whoever passed it on, and so is its flag.
    @Test(arguments: [true, false])
    func `accepting comes back even when somebody made the socket block`(isUnix: Bool) throws {
        let path = try Self.freshPath()
        let socket = try ListeningSocket(
            isUnix ? .unix(path: path, mode: 0o600, group: nil) : .tcp(host: "127.0.0.1", port: 0))
        let flags = fcntl(socket.descriptor, F_GETFL)
        #expect(fcntl(socket.descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0)
        #expect(try socket.accept() == nil)
    }

    @Test func `a connection by TCP is read for as long as it takes`() throws {
        let socket = try ListeningSocket(.tcp(host: "127.0.0.1", port: 0))
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let client = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        let isConnected = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket.descriptor, $0, &size) == 0 && connect(client, $0, size) == 0
            }
        }
        #expect(isConnected)
        let connection = try #require(try socket.accept())
        defer { close(connection) }
        var time = timeval()
        size = socklen_t(MemoryLayout<timeval>.size)
        #expect(getsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &time, &size) == 0)
        #expect(time.tv_sec == 0 && time.tv_usec == 0)
    }

    @Test func `a live socket is left alone, a stale one is replaced`() throws {
        let path = try Self.freshPath()
        var first: ListeningSocket? = try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        #expect(throws: ListeningSocket.Failure.isInUse(path: path)) {
            try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        }
        // What a killed process leaves behind: the file, and nobody who listens.
        let spare = path + ".spare"
        #expect(link(path, spare) == 0)
        first = nil
        #expect(rename(spare, path) == 0)
        let second = try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        #expect(ListeningSocket.isListening(second.descriptor))
        #expect(first == nil)
    }

    @Test func `the file belongs to whoever took it over`() throws {
        let path = try Self.freshPath()
        var old: ListeningSocket? = try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        let file = try #require(old?.file)
        var new: ListeningSocket? = try ListeningSocket(.descriptor(dup(try #require(old?.descriptor))))
        #expect(new?.file == nil)
        new?.own(file)
        old?.own(nil)
        old = nil
        #expect(Self.exists(path))
        new = nil
        #expect(!Self.exists(path))
    }

    @Test func `the end of an old process leaves its successor's file alone`() throws {
        let path = try Self.freshPath()
        var old: ListeningSocket? = try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        #expect(unlink(path) == 0)
        let new = try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        old = nil
        #expect(Self.exists(path))
        withExtendedLifetime(new) {}
        #expect(old == nil)
    }

    @Test func `what cannot be listened on is said in one line`() throws {
        let path = try Self.freshPath()
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: ListeningSocket.Failure.isNotASocket(path: path)) {
            try ListeningSocket(.unix(path: path, mode: 0o660, group: nil))
        }
        let long = "/" + String(repeating: "x", count: 200)
        #expect(throws: ListeningSocket.Failure.pathTooLong(path: long, limit: 107)) {
            try ListeningSocket(.unix(path: long, mode: 0o660, group: nil))
        }
        #expect(throws: ListeningSocket.Failure.unknownGroup("no-such-group")) {
            try ListeningSocket(.unix(path: path + "2", mode: 0o660, group: "no-such-group"))
        }
        #expect(throws: ListeningSocket.Failure.notListening(1)) { try ListeningSocket(.descriptor(1)) }
        let error = #expect(throws: ListeningSocket.Failure.self) {
            try ListeningSocket(.unix(path: path + "/in/a/file", mode: 0o660, group: nil))
        }
        #expect(error?.description.contains("\n") == false)
        unlink(path)
    }

    @Test func `TCP listens on a port of the system's choice`() throws {
        let socket = try ListeningSocket(.tcp(host: "127.0.0.1", port: 0))
        #expect(ListeningSocket.isListening(socket.descriptor))
        #expect(!socket.isUnix)
    }
}
