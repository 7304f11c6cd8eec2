import Relay
import Testing

@Suite struct ConfigurationTests {
    /// Loads a file's text; files named by it are looked up in `files`.
    static func load(
        _ text: String?, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> Configuration {
        try Configuration.load(
            text: text.map { Array($0.utf8) }, fileName: "fastrelay.json5", environment: environment
        ) { path in
            guard let content = files[path] else { throw Missing() }
            return Array(content.utf8)
        }
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "No such file or directory" }
    }

    @Test func `no file and an empty object both give the defaults`() throws {
        #expect(try Self.load(nil) == Configuration())
        #expect(try Self.load("{}") == Configuration())
        #expect(try Self.load("// nothing\n{ providers: { onemin: {} }, }") == Configuration())
    }

    @Test func `the cache directory is that of the file, beside it, else the first of systemd's`() throws {
        func directory(
            _ text: String, in file: String = "/etc/relay/fastrelay.json5", _ variable: String? = nil
        ) throws -> String? {
            try Configuration.load(
                text: Array(text.utf8), fileName: file,
                environment: variable.map { ["CACHE_DIRECTORY": $0] } ?? [:]
            ) { _ in [] }.cacheDirectory
        }
        #expect(try directory(#"{cacheDirectory: "/a"}"#) == "/a")
        #expect(try directory(#"{cacheDirectory: "a/b"}"#) == "/etc/relay/a/b")
        #expect(try directory(#"{cacheDirectory: "a"}"#, in: "fastrelay.json5") == "a")
        #expect(try directory(#"{cacheDirectory: "a"}"#, in: "conf/fastrelay.json5") == "conf/a")
        #expect(try directory("{}", in: "/x", "/var/cache/one:/var/cache/two") == "/var/cache/one")
        #expect(try directory("{}", in: "/x", "") == nil)
        #expect(try directory(#"{cacheDirectory: "/a"}"#, in: "/x", "/b") == "/a")
        #expect(try directory("{cacheDirectory: null}", in: "/x", "/b") == nil)
        #expect(throws: ConfigurationError.self) { try directory(#"{cacheDirectory: ""}"#) }
    }

    @Test func `long uploads go where the file says, else where the environment has such files`() throws {
        func directory(_ text: String, _ variables: [String: String] = [:]) throws -> String? {
            try Configuration.load(
                text: Array(text.utf8), fileName: "/etc/relay/x", environment: variables
            ) { _ in [] }.spoolDirectory
        }
        #expect(try directory("{}") == nil)
        #expect(try directory("{}", ["TMPDIR": "/t"]) == "/t")
        #expect(try directory("{}", ["TMPDIR": ""]) == nil)
        #expect(try directory(#"{spoolDirectory: "/a"}"#, ["TMPDIR": "/t"]) == "/a")
        #expect(try directory(#"{spoolDirectory: "a/b"}"#) == "/etc/relay/a/b")
        #expect(try directory("{spoolDirectory: null}", ["TMPDIR": "/t"]) == "/t")
        #expect(throws: ConfigurationError.self) { try directory(#"{spoolDirectory: ""}"#) }
    }

    @Test func `the database comes from the file, or from systemd`() throws {
        func path(_ text: String, in file: String, _ variable: String? = nil) throws -> String? {
            try Configuration.load(
                text: Array(text.utf8), fileName: file,
                environment: variable.map { ["STATE_DIRECTORY": $0] } ?? [:]
            ) { _ in [] }.store.path
        }
        #expect(try path("{}", in: "/etc/relay/x") == nil)
        #expect(try path(#"{store: {path: "/a.db"}}"#, in: "/etc/relay/x", "/b") == "/a.db")
        #expect(try path(#"{store: {path: "a.db"}}"#, in: "/etc/relay/x") == "/etc/relay/a.db")
        #expect(try path(#"{store: {retention: "1d"}}"#, in: "/x", "/s/one:/s/two") == "/s/one/fastrelay.db")
        #expect(try path("{}", in: "/x", "") == nil)
        #expect(try path("{store: {path: null}}", in: "/x", "/b") == nil)
        #expect(throws: ConfigurationError.self) { try path(#"{store: {retention: "59s"}}"#, in: "/x") }
        #expect(throws: ConfigurationError.self) { try path(#"{store: {retention: "366d"}}"#, in: "/x") }
    }

    @Test func `the directory of files is relative to the file`() throws {
        func directory(_ text: String) throws -> String? {
            try Configuration.load(text: Array(text.utf8), fileName: "/etc/relay/x", environment: [:]) { _ in
                []
            }.files.directory
        }
        #expect(try directory("{}") == nil)
        #expect(try directory(#"{files: {directory: "a"}}"#) == "/etc/relay/a")
        #expect(try directory(#"{files: {directory: "/a"}}"#) == "/a")
        for wrong in ["retention: '59s'", "callerFiles: 0", "maximumBytes: 1", "callerBytes: '1'"] {
            #expect(throws: ConfigurationError.self) { try directory("{files: {\(wrong)}}") }
        }
    }

    @Test func `every key is read`() throws {
        let configuration = try Self.load(
            """
            {
              listen: "tcp:[::1]:9000", protocol: "scgi", socketMode: "0600", socketGroup: "www-data",
              loops: 3, drainTimeout: "1m", heartbeat: null, cacheDirectory: "/c",
              store: { path: "/s/db", retention: "7d", maximumBytes: 2000000 },
              files: {
                directory: "/f", retention: "1d", maximumBytes: 4000000, callerBytes: 3000000, callerFiles: 9,
              },
              providers: {
                mine: {
                  kind: "1min", baseURL: "http://127.0.0.1:8081/x/", assetBaseURL: "https://a.example",
                  proxy: "http://u:p@proxy:3128", caFile: "/ca.pem", http2: false,
                  timeouts: { connect: "1s", firstByte: "2s", firstEvent: "3s", idle: null, total: "1h" },
                  webSearch: { numOfSite: 5, maxWord: 0x200 },
                },
                other: {},
              },
              models: {
                default: "gpt-5", permitted: ["gpt-5", "gpt-4o"], permitOnly: true,
                aliases: { fast: "gpt-4o" }, refresh: "30s",
              },
              limits: {
                bodyBytes: 2048, bodyTimeout: "250ms", offloadBytes: 4096, eventBytes: 8192,
                answerBytes: 16384, credentialBytes: 100, choices: 2,
              },
              memcached: { host: "cache", port: 11212 },
              log: { level: "warning" },
            }
            """)
        var expected = Configuration()
        expected.listen = .tcp(host: "::1", port: 9000)
        expected.wireProtocol = .scgi
        expected.socketMode = 0o600
        expected.socketGroup = "www-data"
        expected.loops = 3
        expected.drainTimeout = .seconds(60)
        expected.heartbeat = nil
        expected.cacheDirectory = "/c"
        expected.store.path = "/s/db"
        expected.store.retention = .seconds(7 * 86400)
        expected.store.maximumBytes = 2_000_000
        expected.files.directory = "/f"
        expected.files.retention = .seconds(86400)
        expected.files.limits.maximumBytes = 4_000_000
        expected.files.limits.callerBytes = 3_000_000
        expected.files.limits.callerFiles = 9
        var mine = Configuration.Provider()
        mine.name = "mine"
        mine.baseURL = try UpstreamAddress(parsing: "http://127.0.0.1:8081/x")
        mine.assetBaseURL = try UpstreamAddress(parsing: "https://a.example")
        mine.proxy = Secret("http://u:p@proxy:3128")
        mine.caFile = "/ca.pem"
        mine.http2 = false
        mine.timeouts = Timeouts(
            connect: .seconds(1), firstByte: .seconds(2), firstEvent: .seconds(3), idle: nil,
            total: .seconds(3600))
        mine.webSearch.numOfSite = 5
        mine.webSearch.maxWord = 512
        var other = Configuration.Provider()
        other.name = "other"
        expected.providers = [mine, other]
        expected.models.defaultModel = "gpt-5"
        expected.models.permitted = ["gpt-5", "gpt-4o"]
        expected.models.permitOnly = true
        expected.models.aliases = ["fast": "gpt-4o"]
        expected.models.refresh = .seconds(30)
        expected.limits.bodyBytes = 2048
        expected.limits.bodyTimeout = .milliseconds(250)
        expected.limits.offloadBytes = 4096
        expected.limits.eventBytes = 8192
        expected.limits.answerBytes = 16384
        expected.limits.credentialBytes = 100
        expected.limits.choices = 2
        expected.memcached.host = "cache"
        expected.memcached.port = 11212
        expected.log.level = .warning
        #expect(configuration == expected)
    }

    @Test func `the effective description can be read again and hides secrets`() throws {
        var configuration = try Self.load(
            """
            { models: { aliases: { "a b": "gpt-4o", fast: "gpt-5" } },
              providers: { one: { proxy: "http://user:hunter2@proxy" }, two: {} } }
            """)
        let text = configuration.effectiveDescription()
        #expect(!text.contains("hunter2"))
        #expect(text.contains("proxy: \"•••\""))
        configuration.providers[0].proxy = Secret("•••")
        #expect(try Self.load(text) == configuration)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var text: String
        var message: String
        var testDescription: String { message }
    }

    @Test(arguments: [
        Fault(
            text: "{\n  listen: \"fd:0\",\n    timeout: 3,\n}",
            message: "3:5: unknown key \"timeout\""),
        Fault(
            text: "{ providers: { onemin: { timeout: {} } } }",
            message: "1:26: unknown key \"timeout\"; did you mean \"timeouts\"?"),
        Fault(
            text: "{ socket_mode: \"0660\" }",
            message: "1:3: unknown key \"socket_mode\"; did you mean \"socketMode\"?"),
        Fault(
            text: "{ Heartbeat: \"1s\" }",
            message: "1:3: unknown key \"Heartbeat\"; did you mean \"heartbeat\"?"),
        Fault(text: "{ loops: \"2\" }", message: "1:10: expected a whole number from 0 to 256, found string"),
        Fault(text: "{ loops: 1.5 }", message: "1:10: expected a whole number from 0 to 256, found 1.5"),
        Fault(text: "{ loops: -1 }", message: "1:10: expected a whole number from 0 to 256, found -1"),
        Fault(
            text: "{ heartbeat: 10 }",
            message: "1:14: expected a duration from 10ms to 1h, such as \"10s\", found number"),
        Fault(text: "{ heartbeat: \"2h\" }", message: "1:14: expected a duration from 10ms to 1h"),
        Fault(
            text: "{ heartbeat: \"soon\" }",
            message: "1:14: expected a duration such as \"500ms\", \"10s\", \"5m\" or \"1h\""),
        Fault(text: "{ drainTimeout: null }", message: "1:17: expected a duration from 0s to 1h"),
        Fault(text: "{ protocol: \"http\" }", message: "1:13: expected one of \"fastcgi\", \"scgi\""),
        Fault(
            text: "{ socketMode: \"0999\" }",
            message: "1:15: expected permission bits in octal, such as \"0660\""),
        Fault(text: "{ listen: \"9000\" }", message: "1:11: an address is unix:PATH, tcp:HOST:PORT or fd:N"),
        Fault(text: "{ listen: \"unix:a\" }", message: "1:11: the path of a Unix socket begins with a slash"),
        Fault(
            text: "{ listen: \"tcp:::1:9\" }",
            message: "1:11: an IPv6 address stands in brackets, as in tcp:[::1]:9000"),
        Fault(
            text: "{ providers: { onemin: { baseURL: \"http://api.1min.ai\" } } }",
            message: "1:35: a base URL outside of private networks is https"),
        Fault(
            text: "{ providers: { onemin: { baseURL: \"https://u:p@h\" } } }",
            message: "1:35: a base URL names no user"),
        Fault(text: "{ providers: {} }", message: "1:14: expected at least one entry"),
        Fault(text: "{ providers: { \"a:b\": {} } }", message: "1:16: a provider's name is 1 to 32 of a-z"),
        Fault(
            text: "{ providers: { onemin: { kind: \"2min\" } } }", message: "1:32: expected one of \"1min\""),
        Fault(text: "{ models: [] }", message: "1:11: expected an object, found array"),
        Fault(text: "{ models: { permitted: [1] } }", message: "1:25: expected a string, found number"),
        Fault(
            text: "{ models: { permitOnly: true } }",
            message: "1:25: only permitted models are to be used, but none is permitted"),
        Fault(
            text: "{ socketGroup: \"${NOPE}\" }", message: "1:16: environment variable \"NOPE\" is not set"),
        Fault(text: "{ socketGroup: \"${NOPE\" }", message: "1:16: \"${\" without \"}\""),
        Fault(
            text: "{ providers: { onemin: { proxy: \"file:/none\" } } }",
            message: "1:33: cannot read \"/none\": No such file or directory"),
        Fault(
            text: "{ providers: { onemin: { proxy: \"file:/empty\" } } }",
            message: "1:33: \"/empty\" is empty"),
        Fault(text: "{ listen: }", message: "1:11: "),
        Fault(text: "[]", message: "1:1: expected an object, found array"),
    ])
    func `a fault is told with its place`(fault: Fault) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Self.load(fault.text, files: ["/empty": "\n"])
        }
        #expect("\(error)".hasPrefix("fastrelay.json5:\(fault.message)"), "\(error)")
    }

    @Test func `environment variables are put into strings`() throws {
        let configuration = try Self.load(
            """
            { socketGroup: "a-${GROUP}-$${x}-$", models: { default: "${MODEL}" } }
            """, environment: ["GROUP": "web${MODEL}", "MODEL": "gpt-5"])
        #expect(configuration.socketGroup == "a-web${MODEL}-${x}-$")
        #expect(configuration.models.defaultModel == "gpt-5")
    }

    @Test func `a secret can come from a file`() throws {
        let configuration = try Self.load(
            "{ providers: { onemin: { proxy: \"file:/run/${NAME}\" } } }", environment: ["NAME": "proxy"],
            files: ["/run/proxy": "http://u:p@proxy:3128\r\n"])
        #expect(configuration.providers[0].proxy?.revealed() == "http://u:p@proxy:3128")
    }

    @Test func `variables of earlier relays work where the file is silent`() throws {
        let environment = [
            "SUBSET_OF_ONE_MIN_PERMITTED_MODELS": "gpt-4o, mistral-nemo,,",
            "PERMIT_MODELS_FROM_SUBSET_ONLY": "True",
            "MEMCACHED_HOST": "cache", "MEMCACHED_PORT": "11300",
        ]
        let fromEnvironment = try Self.load(nil, environment: environment)
        #expect(fromEnvironment.models.permitted == ["gpt-4o", "mistral-nemo"])
        #expect(fromEnvironment.models.permitOnly)
        #expect(fromEnvironment.memcached.host == "cache")
        #expect(fromEnvironment.memcached.port == 11300)
        let mixed = try Self.load(
            "{ models: { permitted: [\"gpt-5\"], permitOnly: false }, memcached: { port: 1 } }",
            environment: environment)
        #expect(mixed.models.permitted == ["gpt-5"])
        #expect(!mixed.models.permitOnly)
        #expect(mixed.memcached.host == "cache")
        #expect(mixed.memcached.port == 1)
    }

    @Test(arguments: [
        (["MEMCACHED_PORT": "x"], "MEMCACHED_PORT: expected a whole number from 1 to 65535"),
        (
            ["PERMIT_MODELS_FROM_SUBSET_ONLY": "maybe"],
            "PERMIT_MODELS_FROM_SUBSET_ONLY: expected \"true\" or \"false\""
        ),
        (
            ["PERMIT_MODELS_FROM_SUBSET_ONLY": "1"],
            "PERMIT_MODELS_FROM_SUBSET_ONLY: only permitted models are to be used, but none is permitted"
        ),
    ])
    func `a faulty variable is named`(environment: [String: String], message: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Self.load("{}", environment: environment)
        }
        #expect("\(error)" == message)
    }

    @Test func `the table has a row with words for every key`() {
        let rows = ConfigurationTable.rows
        #expect(rows.count > 30)
        #expect(rows.allSatisfy { !$0.doc.isEmpty && !$0.type.isEmpty && !$0.standard.isEmpty })
        #expect(rows.contains { $0.path == "providers.<name>.timeouts.connect" && $0.standard == "\"10s\"" })
        #expect(Set(rows.map(\.path)).count == rows.count)
    }
}
