import EventLoop
import GatewayTestSupport
import Glibc
import Testing

@testable import Memcached

/// A server that asks who one is.
@Suite struct MemcachedPasswordTests {
    /// The files of a server that knows one user; they go with this object.
    private final class Users {
        let directory: String

        init() throws {
            var template = Array("/tmp/fastrelay-users.XXXXXX".utf8CString)
            let path = template.withUnsafeMutableBufferPointer {
                $0.baseAddress.flatMap(mkdtemp).map { String(cString: $0) }
            }
            directory = try #require(path)
            let script = """
                printf 'mech_list: plain\\nsasldb_path: %s/users\\n' \(directory) > \(directory)/memcached.conf
                printf correct | /usr/sbin/saslpasswd2 -p -c -a memcached -f \(directory)/users relay
                """
            let child = try ChildProcess(
                executable: "/bin/sh", arguments: ["sh", "-ec", script].map { Array($0.utf8) },
                environment: [], descriptors: [])
            var status: Int32 = 0
            waitpid(child.id, &status, 0)
            try #require(status == 0, "saslpasswd2 is missing, or cannot write")
        }

        deinit {
            unlink(directory + "/users")
            unlink(directory + "/memcached.conf")
            rmdir(directory)
        }
    }

    private func connect(_ process: MemcachedProcess, _ name: String?, _ password: String) throws
        -> MemcachedConnection
    {
        var options = MemcachedConnection.Options()
        // Who says no name to a server that asks for one gets no answer at all.
        options.timeout = name == nil ? .milliseconds(100) : .seconds(5)
        options.username = name
        options.password = password
        return try MemcachedConnection(try #require(MemcachedServer(process.address)), options)
    }

    @Test func letsInWhoKnowsThePassword() throws {
        let users = try Users()
        let process = try MemcachedProcess(
            .ipv4, options: ["-S"], environment: ["SASL_CONF_PATH=\(users.directory)"])
        let connection = try connect(process, "relay", "correct")
        #expect(try connection.fetch(["a", "b"]) == [nil, nil])
        #expect(try connection.replace("a", with: [1, 2], ifStill: nil, expiringAfter: 60))
        #expect(try !connection.replace("a", with: [3], ifStill: nil, expiringAfter: 60))
        let item = try #require(try connection.fetch(["b", "a"])[1])
        #expect(item.bytes == [1, 2])
        #expect(try connection.replace("a", with: [4], ifStill: item.version, expiringAfter: 60))
        #expect(try !connection.replace("a", with: [5], ifStill: item.version, expiringAfter: 60))
        #expect(try !connection.replace("b", with: [5], ifStill: item.version, expiringAfter: 60))
        // The answers to writes are not taken for those to what is fetched behind them.
        let mixed = try connection.replace([
            .init("c", with: [1], ifStill: nil, expiringAfter: 60),
            .init("a", with: [6], ifStill: item.version, expiringAfter: 60),
            .init("d", with: [2], ifStill: 12345, expiringAfter: 60),
            .init("e", with: [3], ifStill: nil, expiringAfter: 60),
        ])
        #expect(mixed.map { $0?.bytes } == [[1], [4], nil, [3]])
        let keys = (0..<200).map { "key-\($0)" } + ["a"]
        #expect(try connection.fetch(keys).last??.bytes == [4])
        process.pause()
        var brief = MemcachedConnection.Options()
        brief.timeout = .milliseconds(100)
        brief.username = "relay"
        let hurried = try MemcachedConnection(connection.server, brief)
        #expect(throws: MemcachedError(reason: "timed out")) { try hurried.ping() }
        process.resume()
        try process.restart()
        #expect(try connection.fetch(["a"]) == [nil])
    }

    @Test(arguments: [("relay", "wrong"), ("nobody", "correct"), ("relay", ""), (nil, "")])
    func keepsOthersOut(_ name: String?, _ password: String) throws {
        let users = try Users()
        let process = try MemcachedProcess(
            .ipv4, options: ["-S"], environment: ["SASL_CONF_PATH=\(users.directory)"])
        let connection = try connect(process, name, password)
        for _ in 0..<2 {
            let error = #expect(throws: MemcachedError.self) { try connection.fetch(["a"]) }
            if name != nil { #expect(error?.reason == "the user name or the password is refused") }
        }
    }

    /// libmemcached takes such an answer for an error.
    @Test func isNotLetInWhereNobodyAsks() throws {
        let process = try MemcachedProcess(.ipv4)
        let connection = try connect(process, "relay", "any")
        let reason = "the server does not ask for a user name, or answers nonsense"
        #expect(throws: MemcachedError(reason: reason)) { try connection.ping() }
    }

    @Test func saysThatUnixSocketsDoNotAsk() throws {
        let process = try MemcachedProcess(.unix)
        #expect(throws: MemcachedError(reason: "a user name cannot be given to a Unix socket")) {
            try connect(process, "relay", "any")
        }
    }
}
