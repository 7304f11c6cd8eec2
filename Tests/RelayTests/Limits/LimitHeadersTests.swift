import TestSupport
import Testing
import Wire

@testable import Relay

@Suite struct LimitHeadersTests {
    static func window(
        _ scope: LimitScope, _ measure: LimitRules.Measure, _ limit: Int, _ remaining: Int, _ reset: Int = 0
    ) -> LimitWindow {
        LimitWindow(scope: scope, measure: measure, limit: limit, remaining: remaining, resetSeconds: reset)
    }

    /// The fields by name, none twice.
    static func fields(
        _ windows: [LimitWindow], _ dialect: ClientDialect = .openAIChat, now: Int = 1_800_000_000
    ) -> [String: String] {
        var lines = HeaderLines()
        LimitHeaders.add(windows, to: &lines, dialect: dialect, now: now)
        return Dictionary(HeaderFields(lines).map { ($0.name, $0.value) }) { _, _ in "twice" }
    }

    @Test func `nothing limited has no fields`() {
        for dialect in [ClientDialect.openAIChat, .anthropic] {
            #expect(Self.fields([], dialect).isEmpty)
        }
    }

    /// There is room for whatever numbers a store may give.
    @Test(arguments: [Int.max, .min, 0]) func `all limits at once fit`(number: Int) {
        let windows = LimitScope.allCases.flatMap { scope in
            LimitRules.Measure.allCases.map { Self.window(scope, $0, number, number, number) }
        }
        let fields = Self.fields(windows, now: 0)
        let policies = fields["ratelimit-policy"]?.split(separator: ",") ?? []
        #expect(policies.count == windows.count)
        #expect(policies.allSatisfy { $0.contains(";q=\(number)") })
        #expect(fields["x-ratelimit-limit-tokens"] == "\(number)")
    }

    @Test(arguments: [ClientDialect.openAIChat, .openAICompletions, .openAIResponses])
    func `OpenAI's routes have OpenAI's fields and the draft's`(dialect: ClientDialect) {
        let fields = Self.fields(
            [
                Self.window(.caller, .requestsPerMinute, 180, 179, 60),
                Self.window(.caller, .tokensPerDay, 10000, 9000, 86_400),
                Self.window(.caller, .concurrent, 64, 63),
                Self.window(.address, .requestsPerMinute, 600, 590, 61),
            ], dialect)
        #expect(
            fields == [
                "x-ratelimit-limit-requests": "180", "x-ratelimit-remaining-requests": "179",
                "x-ratelimit-reset-requests": "1m0s",
                "x-ratelimit-limit-tokens": "10000", "x-ratelimit-remaining-tokens": "9000",
                "x-ratelimit-reset-tokens": "24h0m0s",
                "ratelimit-policy":
                    #""caller-requests-minute";q=180;w=60, "caller-tokens-day";q=10000;qu="tokens";w=86400, "#
                    + #""caller-concurrent";q=64;qu="concurrent-requests", "address-requests-minute";q=600;w=60"#,
                "ratelimit":
                    #""caller-requests-minute";r=179;t=60, "caller-tokens-day";r=9000;t=86400, "caller-concurrent";r=63"#,
            ])
    }

    @Test func `Anthropic's routes have Anthropic's fields with moments`() {
        let fields = Self.fields(
            [
                Self.window(.caller, .requestsPerDay, 5, 0, 90),
                Self.window(.caller, .tokensPerMinute, 100, 40, 0),
            ], .anthropic, now: 1_709_251_150)
        #expect(
            fields == [
                "x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1m30s",
                "x-ratelimit-limit-tokens": "100", "x-ratelimit-remaining-tokens": "40",
                "x-ratelimit-reset-tokens": "0s",
                "anthropic-ratelimit-requests-limit": "5", "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2024-03-01T00:00:40Z",
                "anthropic-ratelimit-tokens-limit": "100", "anthropic-ratelimit-tokens-remaining": "40",
                "anthropic-ratelimit-tokens-reset": "2024-02-29T23:59:10Z",
                "ratelimit-policy":
                    #""caller-requests-day";q=5;w=86400, "caller-tokens-minute";q=100;qu="tokens";w=60"#,
                "ratelimit": #""caller-requests-day";r=0;t=90, "caller-tokens-minute";r=40;t=0"#,
            ])
    }

    @Test func `what is not limited is not told`() {
        let requests = Self.fields([Self.window(.address, .requestsPerMinute, 5, 4, 9)])
        #expect(requests.keys.allSatisfy { !$0.contains("token") })
        let tokens = Self.fields([Self.window(.address, .tokensPerMinute, 5, 4, 9)], .anthropic)
        #expect(tokens.keys.allSatisfy { !$0.contains("requests") })
        let places = Self.fields([Self.window(.address, .concurrent, 5, 0)])
        #expect(
            places == [
                "ratelimit-policy": #""address-concurrent";q=5;qu="concurrent-requests""#,
                "ratelimit": #""address-concurrent";r=0"#,
            ])
    }

    @Test func `the one with the least left stands for all, then the one that lasts longest`() {
        let minute = Self.window(.caller, .requestsPerMinute, 10, 5, 60)
        let day = Self.window(.caller, .requestsPerDay, 100, 4, 5)
        let address = Self.window(.address, .requestsPerMinute, 20, 4, 6)
        let again = Self.window(.address, .requestsPerDay, 30, 4, 6)
        for windows in [[minute, day, address, again], [again, address, day, minute]] {
            let limit = Self.fields(windows)["x-ratelimit-limit-requests"]
            // Of equals the first one.
            #expect(limit == (windows[0] == minute ? "20" : "30"))
        }
        #expect(Self.fields([minute, day])["x-ratelimit-limit-requests"] == "100")
        #expect(Self.fields([day, minute])["ratelimit"] == #""caller-requests-day";r=4;t=5"#)
    }

    @Test func `every limit has a name of its own, in lower case`() {
        var names: Set<String> = []
        for scope in LimitScope.allCases {
            for measure in LimitRules.Measure.allCases {
                let fields = Self.fields([Self.window(scope, measure, 1, 1)], .anthropic, now: 0)
                for name in fields.keys { #expect(name == name.lowercased()) }
                names.insert(fields["ratelimit"] ?? "")
            }
        }
        #expect(names.count == 10)
    }

    @Test(arguments: [
        (0, "0s"), (1, "1s"), (59, "59s"), (60, "1m0s"), (360, "6m0s"), (3599, "59m59s"), (3600, "1h0m0s"),
        (3661, "1h1m1s"), (86_400, "24h0m0s"), (88_200, "24h30m0s"),
    ])
    func `times are as OpenAI writes them`(seconds: Int, text: String) {
        let fields = Self.fields([Self.window(.caller, .requestsPerDay, 1, 1, seconds)])
        #expect(fields["x-ratelimit-reset-requests"] == text)
    }
}
