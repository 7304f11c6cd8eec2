import Relay
import Testing

@Suite struct LimitsConfigurationTests {
    static func load(
        _ text: String, in file: String = "fastrelay.json5", environment: [String: String] = [:]
    ) throws -> Configuration {
        try Configuration.load(text: Array(text.utf8), fileName: file, environment: environment) { path in
            Array("content of \(path)\n".utf8)
        }
    }

    /// A subject's limits as a file that only has these.
    static func caller(_ text: String) throws -> Configuration.ClassLimits {
        try load("{ limits: { caller: \(text) } }").limits.caller
    }

    @Test func `without a word requests are limited and tokens are not`() throws {
        let limits = try Self.load("{}").limits
        for limitClass in LimitClass.allCases {
            var rules = LimitRules(requestsPerMinute: 180, concurrent: 64)
            #expect(limits.caller[limitClass] == rules)
            rules = LimitRules(requestsPerMinute: 600)
            #expect(limits.address[limitClass] == rules)
        }
        #expect(limits.exempt.networks.isEmpty && limits.exempt.callers.isEmpty)
        #expect(limits.wrongKeysPerMinute == 30 && limits.wrongKeyMemory == .seconds(60))
    }

    @Test func `every key of limits, health and memcached is read`() throws {
        let configuration = try Self.load(
            """
            {
              limits: {
                caller: {
                  text: {
                    requestsPerMinute: 1, requestsPerDay: 2, tokensPerMinute: 3, tokensPerDay: 4, concurrent: 5,
                    onStoreFailure: "deny",
                  },
                  image: { requestsPerMinute: 6 }, audio: { requestsPerDay: 7 }, files: { concurrent: 8 },
                },
                address: { text: { tokensPerDay: 1000000000, onStoreFailure: "allow" } },
                exempt: { networks: ["10.0.0.0/8", "::1"], callers: ["${KEY}", "file:/key"] },
                outputReserve: 0, lease: "5s", secret: "file:/secret", file: "counts",
                wrongKeysPerMinute: 9, wrongKeyMemory: "1h",
              },
              health: { networks: ["192.0.2.0/24"] },
              memcached: {
                servers: ["a", "b:1", "[::1]:2"], host: "::2", port: 3, namespace: "A-z_9",
                username: "me", password: "file:/password", timeout: "1ms",
              },
            }
            """, in: "/etc/relay/fastrelay.json5", environment: ["KEY": "k"])
        var expected = Configuration()
        expected.limits.caller.text.requestsPerMinute = 1
        expected.limits.caller.text.requestsPerDay = 2
        expected.limits.caller.text.tokensPerMinute = 3
        expected.limits.caller.text.tokensPerDay = 4
        expected.limits.caller.text.concurrent = 5
        expected.limits.caller.text.onStoreFailure = .deny
        expected.limits.caller.image.requestsPerMinute = 6
        expected.limits.caller.audio.requestsPerDay = 7
        expected.limits.caller.files.concurrent = 8
        expected.limits.address.text.tokensPerDay = 1_000_000_000
        expected.limits.address.text.onStoreFailure = .allow
        expected.limits.exempt.networks = ["10.0.0.0/8", "::1/128"].compactMap { NetworkBlock($0) }
        expected.limits.exempt.callers = [Secret("k"), Secret("content of /key")]
        expected.limits.outputReserve = 0
        expected.limits.lease = .seconds(5)
        expected.limits.secret = Secret("content of /secret")
        expected.limits.file = "/etc/relay/counts"
        expected.limits.wrongKeysPerMinute = 9
        expected.limits.wrongKeyMemory = .seconds(3600)
        expected.health.networks = ["192.0.2.0/24"].compactMap { NetworkBlock($0) }
        expected.memcached.servers = ["a", "b:1", "[::1]:2"]
        expected.memcached.host = "::2"
        expected.memcached.port = 3
        expected.memcached.namespace = "A-z_9"
        expected.memcached.username = "me"
        expected.memcached.password = Secret("content of /password")
        expected.memcached.timeout = .milliseconds(1)
        #expect(configuration == expected)
    }

    @Test func `a limit without a class is for all that have none of their own`() throws {
        let inOrder = try Self.caller("{ requestsPerMinute: 60, text: { requestsPerMinute: 9 } }")
        let outOfOrder = try Self.caller("{ text: { requestsPerMinute: 9 }, requestsPerMinute: 60 }")
        #expect(inOrder == outOfOrder)
        #expect(inOrder.text.requestsPerMinute == 9)
        for rules in [inOrder.image, inOrder.audio, inOrder.files] {
            #expect(rules == LimitRules(requestsPerMinute: 60, concurrent: 64))
        }
        let others = try Self.caller("{ tokensPerMinute: 10000, onStoreFailure: 'deny', concurrent: null }")
        for limitClass in LimitClass.allCases {
            #expect(others[limitClass].tokensPerMinute == 10000)
            #expect(others[limitClass].requestsPerMinute == 180)
            #expect(others[limitClass].onStoreFailure == .deny)
            #expect(others[limitClass].concurrent == nil)
        }
    }

    @Test func `null turns counting off, and sizes stay`() throws {
        let limits = try Self.load("{ limits: null }").limits
        var expected = Configuration().limits
        expected.caller = Configuration.ClassLimits(LimitRules())
        expected.address = Configuration.ClassLimits(LimitRules())
        expected.wrongKeysPerMinute = nil
        expected.wrongKeyMemory = nil
        #expect(limits == expected)
        #expect(limits.bodyBytes == 64 << 20)

        #expect(try Self.caller("null") == Configuration.ClassLimits(LimitRules()))
        let oneClass = try Self.caller("{ audio: null, requestsPerMinute: 60 }")
        #expect(oneClass.audio.isEmpty)
        #expect(oneClass.text.requestsPerMinute == 60)
        let one = try Self.caller("{ text: { requestsPerMinute: null } }")
        #expect(one.text == LimitRules(concurrent: 64))
        #expect(one.image == LimitRules(requestsPerMinute: 180, concurrent: 64))
        #expect(try Self.load("{ limits: { address: null } }").limits.caller == Configuration().limits.caller)
    }

    @Test(arguments: [
        "{}", "{ limits: null }", "{ limits: { caller: null, address: { audio: null, tokensPerDay: 5 } } }",
        "{ limits: { exempt: { callers: ['•••'], networks: ['fd00::/8'] }, secret: '•••', file: '/f' } }",
        "{ memcached: { servers: ['[::1]:1', 'unix:/m'], password: '•••' }, health: { networks: [] } }",
    ])
    func `what check prints can be read again`(text: String) throws {
        let configuration = try Self.load(text)
        #expect(try Self.load(configuration.effectiveDescription()) == configuration)
    }

    @Test func `check prints no secret of theirs`() throws {
        let text = try Self.load(
            "{ limits: { secret: 'hunter2', exempt: { callers: ['hunter2'] } }, memcached: { password: 'hunter2' } }"
        ).effectiveDescription()
        #expect(!text.contains("hunter2"))
        #expect(text.contains("callers: [\"•••\"]"))
    }

    @Test(arguments: [
        (
            "limits: { caller: { text: { requestsPerMinute: 0 } } }",
            "expected a whole number from 1 to 1000000000"
        ),
        ("limits: { caller: { tokensPerDay: 1000000001 } }", "expected a whole number from 1 to 1000000000"),
        ("limits: { caller: { txt: {} } }", "unknown key \"txt\"; did you mean \"text\"?"),
        (
            "limits: { address: { image: { requestPerMinute: 1 } } }",
            "unknown key \"requestPerMinute\"; did you mean \"requestsPerMinute\"?"
        ),
        ("limits: { caller: 60 }", "expected an object, found number"),
        ("limits: { caller: { text: 60 } }", "expected an object, found number"),
        (
            "limits: { caller: { onStoreFailure: 'open' } }",
            "expected one of \"local\", \"deny\", \"allow\""
        ),
        ("limits: { caller: { onStoreFailure: null } }", "expected a string, found null"),
        ("limits: { exempt: { networks: ['here'] } }", "expected an address or a network"),
        ("limits: { exempt: { callers: [''] } }", "the secret is empty"),
        ("limits: { exempt: null }", "expected an object, found null"),
        ("limits: { outputReserve: -1 }", "expected a whole number from 0 to 10000000"),
        ("limits: { lease: '4s' }", "expected a duration from 5s to 1h"),
        ("limits: { lease: '61m' }", "expected a duration from 5s to 1h"),
        ("limits: { wrongKeyMemory: '2h' }", "expected a duration from 1s to 1h"),
        ("limits: { file: '' }", "expected a string that is not empty"),
        ("memcached: { namespace: 'a b' }", "a namespace is 1 to 32 of"),
        ("memcached: { namespace: '' }", "a namespace is 1 to 32 of"),
        ("memcached: { namespace: 'a23456789b23456789c23456789d23456' }", "a namespace is 1 to 32 of"),
        ("memcached: { timeout: '11s' }", "expected a duration from 1ms to 10s"),
        ("memcached: { host: 'a:1' }", "expected a host's name or address"),
        ("heartbeat: '1s', providers: null", "expected an object, found null"),
    ])
    func `a fault is told`(text: String, message: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try Self.load("{ \(text) }") }
        #expect(error.message.hasPrefix(message), "\(error)")
        #expect(error.line == 1)
    }

    @Test(arguments: [
        "cache", "cache.example.org", "10.0.0.1:11211", "a_b-c:1", "a:65535", "[fd00::1]:11211",
        "unix:/run/m.sock",
    ])
    func `a server is taken`(text: String) throws {
        #expect(try Self.load("{ memcached: { servers: ['\(text)'] } }").memcached.servers == [text])
    }

    @Test(arguments: [
        "", ":1", "a:", "a:0", "a:65536", "a:011211", "a:+1", "a:1:2", "a b", "a/b", "::1", "[::1]", "[::1]:",
        "[a]:1",
        "[::1/64]:1", "[10.0.0.1]:1", "unix:", "unix:run", "tcp:a:1", "ä",
    ])
    func `anything else is none`(text: String) {
        #expect(throws: ConfigurationError.self) { try Self.load("{ memcached: { servers: ['\(text)'] } }") }
    }

    @Test func `a hundred servers are enough`() throws {
        func count(_ count: Int, _ more: String = "") throws -> Int {
            let servers = (0..<count).map { "'s\($0)'" }.joined(separator: ",")
            return try Self.load("{ memcached: { servers: [\(servers)],\n\(more)} }").memcached.allServers
                .count
        }
        #expect(try count(100) == 100)
        #expect(throws: ConfigurationError.self) { try count(101) }
        #expect(try count(99, "host: 'one'") == 100)
        let error = try #require(throws: ConfigurationError.self) { try count(100, "host: 'one'") }
        #expect("\(error)" == "fastrelay.json5:2:7: at most 100 servers, with this one there are 101")
    }

    @Test func `a Unix socket is told no user name`() throws {
        #expect(throws: Never.self) { try Self.load("{ memcached: { servers: ['a'], username: 'me' } }") }
        #expect(throws: Never.self) {
            try Self.load("{ memcached: { servers: ['unix:/m'], username: null } }")
        }
        let error = try #require(throws: ConfigurationError.self) {
            try Self.load("{ memcached: {\nusername: 'me', servers: ['a', 'unix:/m'] } }")
        }
        #expect(
            "\(error)"
                == "fastrelay.json5:2:11: a user name cannot be given to a Unix socket, which \"unix:/m\" is")
    }

    @Test func `the server of the variables stands behind those of the file only where the file names it`()
        throws
    {
        func servers(_ text: String, _ host: String? = "cache") throws -> [String] {
            try Self.load(
                "{ memcached: { \(text) } }", environment: host.map { ["MEMCACHED_HOST": $0] } ?? [:]
            ).memcached.allServers
        }
        #expect(try servers("", nil) == [])
        #expect(try servers("", "") == [])
        #expect(try servers("") == ["cache:11211"])
        #expect(try servers("port: 5", "::1") == ["[::1]:5"])
        #expect(try servers("servers: ['a']") == ["a"])
        #expect(try servers("servers: []") == [])
        #expect(try servers("servers: ['a'], host: 'b'") == ["a", "b:11211"])
        let error = try #require(throws: ConfigurationError.self) { try servers("", "a:1") }
        #expect("\(error)" == "MEMCACHED_HOST: expected a host's name or address")
    }

    @Test func `a reload changes limits by class, and leaves what is connected`() throws {
        let old = try Self.load("{}")
        let new = try Self.load(
            """
            {
              limits: { caller: { text: { tokensPerMinute: 5 }, concurrent: 9 }, lease: "9s", file: "/f", secret: "s" },
              memcached: { servers: ["a"], timeout: "9s" }, health: { networks: [] },
            }
            """)
        let changes = ConfigurationChanges(from: old, to: new)
        let concurrent = ["image", "audio", "files"].map { "limits.caller.\($0).concurrent" }
        #expect(
            changes.applied == [
                "limits.caller.text.tokensPerMinute", "limits.caller.text.concurrent",
            ] + concurrent + ["limits.secret", "health.networks"])
        #expect(
            changes.needingRestart == [
                "limits.lease", "limits.file", "memcached.servers", "memcached.timeout",
            ])
        let applied = new.applied(to: old)
        #expect(applied.limits.caller == new.limits.caller && applied.health == new.health)
        #expect(applied.limits.lease == old.limits.lease && applied.limits.file == nil)
        #expect(applied.memcached == old.memcached)
        #expect(ConfigurationChanges(from: applied, to: new).needingRestart == changes.needingRestart)
    }
}
