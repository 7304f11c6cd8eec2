import Testing

@testable import Relay

@Suite struct ConfigurationChangesTests {
    static func load(_ text: String) throws -> Configuration {
        try Configuration.load(text: Array(text.utf8), environment: [:]) { _ in Array("a secret".utf8) }
    }

    static func changes(_ old: String, _ new: String) throws -> ConfigurationChanges {
        ConfigurationChanges(from: try load(old), to: try load(new))
    }

    @Test func `equal configurations have no changes, however they are written`() throws {
        let changes = try Self.changes("{}", "{ providers: { onemin: {} }, log: { level: \"info\" } }")
        #expect(changes.applied.isEmpty && changes.needingRestart.isEmpty)
    }

    @Test(arguments: [
        ("{}", "{ heartbeat: null }", ["heartbeat"]),
        ("{}", "{ log: { level: 'debug' }, drainTimeout: '1s' }", ["drainTimeout", "log.level"]),
        (
            "{}", "{ limits: { bodyBytes: 2048, bodyTimeout: '1s' } }",
            ["limits.bodyBytes", "limits.bodyTimeout"]
        ),
        (
            "{}", "{ models: { permitted: ['a'], aliases: { b: 'c' } } }",
            ["models.permitted", "models.aliases"]
        ),
        (
            "{}", "{ providers: { onemin: { timeouts: { idle: '9s' } } } }",
            ["providers.onemin.timeouts.idle"]
        ),
        ("{}", "{ providers: { onemin: {}, second: {} } }", ["providers.second"]),
        ("{ providers: { onemin: {}, second: {} } }", "{}", ["providers.second"]),
        (
            "{ providers: { a: {}, b: { http2: false } } }", "{ providers: { b: {}, a: {} } }",
            ["providers.b.http2", "providers"]
        ),
        ("{ providers: { a: {} } }", "{ providers: { b: {} } }", ["providers.a", "providers.b"]),
    ])
    func `what differs is told by key`(old: String, new: String, keys: [String]) throws {
        let changes = try Self.changes(old, new)
        #expect(changes.applied == keys)
        #expect(changes.needingRestart.isEmpty)
    }

    @Test func `what only a new process can change is told apart, and keeps its effect`() throws {
        let old = try Self.load("{ listen: 'unix:/a', socketMode: '0600', store: { path: '/a' } }")
        let new = try Self.load(
            "{ listen: 'tcp:a:1', socketMode: '0666', socketGroup: 'g', loops: 7, heartbeat: '1s', store: { retention: '1d' }, files: { directory: '/f', retention: '1d', callerBytes: 2000000 } }"
        )
        let changes = ConfigurationChanges(from: old, to: new)
        #expect(changes.applied == ["heartbeat", "files.retention"])
        #expect(
            changes.needingRestart == [
                "listen", "socketMode", "socketGroup", "loops", "store.path", "store.retention",
                "files.directory", "files.callerBytes",
            ])
        let applied = new.applied(to: old)
        #expect(applied.listen == .unix(path: "/a") && applied.socketMode == 0o600 && applied.loops == 0)
        #expect(applied.heartbeat == .seconds(1) && applied.store == old.store)
        #expect(applied.files.directory == nil && applied.files.limits == old.files.limits)
        #expect(applied.files.retention == .seconds(86400))
        // It is told again as long as the file says so.
        #expect(ConfigurationChanges(from: applied, to: new).needingRestart == changes.needingRestart)
    }

    @Test func `every key that needs a restart is a key, and its value is kept`() {
        let names = ConfigurationTable.rows.map(\.path)
        #expect(ConfigurationChanges.fixedKeys.allSatisfy(names.contains))
    }

    @Test func `a secret that was replaced shows as its key alone`() throws {
        let text = Array("{ providers: { onemin: { proxy: 'file:/secret' } } }".utf8)
        func load(_ secret: String) throws -> Configuration {
            try Configuration.load(text: text, environment: [:]) { _ in Array(secret.utf8) }
        }
        let changes = ConfigurationChanges(from: try load("http://old"), to: try load("http://new"))
        #expect(changes.applied == ["providers.onemin.proxy"])
    }
}
