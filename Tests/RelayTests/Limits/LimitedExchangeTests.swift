import Testing
import TestSupport
import Wire

@testable import Relay

/// Exchanges that are counted, by a store that decides at once and by one that takes time.
@Suite(.timeLimit(.minutes(1))) struct LimitedExchangeTests {
    /// A store that decides later.
    struct LateStore: LimitStore {
        let store: any LimitStore
        func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? { nil }
        func admit(_ claim: LimitClaim) async -> LimitDecision { await store.admit(claim) }
        func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
            store.settle(grants, usedTokens: usedTokens, isUndone: isUndone)
        }
        func renew() { store.renew() }
        var health: LimitStoreHealth { store.health }
    }

    /// A store that begins at once, and tells its decision when the gate is open.
    struct BegunStore: LimitStore {
        struct Inquiry: LimitInquiry {
            let value: LimitDecision
            let gate: TestGate
            func decision() async -> LimitDecision {
                _ = await gate.wait()
                return value
            }
        }

        let store: any LimitStore
        let gate: TestGate
        func admitAtOnce(_ claim: LimitClaim) -> LimitDecision? { nil }
        func begin(_ claim: LimitClaim) -> (any LimitInquiry)? {
            store.admitAtOnce(claim).map { Inquiry(value: $0, gate: gate) }
        }
        func admit(_ claim: LimitClaim) async -> LimitDecision { await store.admit(claim) }
        func settle(_ grants: [LimitGrant], usedTokens: Int, isUndone: Bool) {
            store.settle(grants, usedTokens: usedTokens, isUndone: isUndone)
        }
        func renew() { store.renew() }
        var health: LimitStoreHealth { store.health }
    }

    let clock = ManualClock()

    func harness(
        isLate: Bool, _ limits: (inout Configuration.Limits) -> Void,
        chat: @escaping FakeTransport.Script = { _, _ in FakeCall.Step.whole("Hello") }
    ) -> Harness {
        var configuration = Configuration()
        limits(&configuration.limits)
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        return Harness(
            configuration, limits: isLate ? LateStore(store: store) : store, clock: clock, chat: chat)
    }

    static func rules(_ change: (inout LimitRules) -> Void) -> Configuration.ClassLimits {
        var rules = LimitRules()
        change(&rules)
        return Configuration.ClassLimits(rules)
    }

    static func words(_ count: Int) -> JSONValue {
        .string(String(repeating: "word ", count: count))
    }

    static func request(key: String = Harness.key, address: String = "192.0.2.1") -> ClientRequest {
        var request = Harness.chatRequest()
        request.headers = HeaderFields([("authorization", "Bearer \(key)")])
        request.remoteAddress = address
        return request
    }

    /// One whose store tells its decisions when the gate is open.
    private func harness(telling gate: TestGate, _ rules: (inout LimitRules) -> Void) -> Harness {
        var configuration = Configuration()
        configuration.limits.caller = Self.rules(rules)
        let store = MemoryLimitStore(leaseSeconds: 60, clock: clock)
        return Harness(configuration, limits: BegunStore(store: store, gate: gate), clock: clock) { _, _ in
            FakeCall.Step.whole("Hello")
        }
    }

    @Test func `what is prepared while the store decides is not begun before it has`() async throws {
        let gate = TestGate()
        let harness = harness(telling: gate) {
            $0.requestsPerMinute = 3
            $0.concurrent = 1
        }
        let answer = Task { await harness.chat() }
        #expect(await eventually { gate.waitingCount == 1 })
        #expect(harness.chats.isEmpty)
        gate.open()
        #expect(await answer.value.status == 200)
        #expect(harness.chats.count == 1)

        // What is wrong with it is told, and its place given back: the next one has it.
        var broken = Self.request()
        broken.body = Array(#"{"messages": 1}"#.utf8)
        #expect(await harness.respond(to: broken).status == 400)
        #expect(await harness.chat().status == 200)
        // What is refused is told first: nobody learns anything of a request that is not to be answered.
        let refused = await harness.respond(to: broken)
        #expect(refused.status == 429)
        #expect(refused.header("x-ratelimit-remaining-requests") == "0")
        #expect(harness.chats.count == 2)
    }

    @Test func `who leaves while the store decides is not asked for, and holds nothing`() async throws {
        let gate = TestGate()
        let harness = harness(telling: gate) { $0.concurrent = 1 }
        let answer = Task { await harness.chat() }
        #expect(await eventually { gate.waitingCount == 1 })
        answer.cancel()
        _ = await answer.value
        #expect(harness.chats.isEmpty)
        gate.open()
        #expect(await harness.chat().status == 200)
    }

    @Test(arguments: [false, true])
    func `requests over the limit are refused, and pass when a minute is over`(isLate: Bool) async {
        let harness = harness(isLate: isLate) { $0.caller = Self.rules { $0.requestsPerMinute = 2 } }
        for remaining in ["1", "0"] {
            let client = await harness.chat()
            #expect(client.status == 200)
            #expect(client.header("x-ratelimit-limit-requests") == "2")
            #expect(client.header("x-ratelimit-remaining-requests") == remaining)
        }
        let refused = await harness.chat()
        #expect(refused.status == 429)
        #expect(refused.json["error"]?["code"] == "rate_limit_exceeded")
        #expect(refused.header("x-ratelimit-remaining-requests") == "0")
        let wait = refused.header("retry-after").flatMap { Int($0) }
        #expect(wait == 60)
        #expect(harness.chats.count == 2)
        #expect(harness.log.records.last?.outcome == .refused)
        clock.advance(by: .seconds(60))
        #expect(await harness.chat().header("retry-after") == "1")
        clock.advance(by: .seconds(1))
        #expect(await harness.chat().status == 200)
    }

    @Test(arguments: [false, true])
    func `callers and addresses are counted apart, and a refused request costs nothing`(isLate: Bool) async {
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules { $0.requestsPerMinute = 2 }
            $0.address = Self.rules { $0.requestsPerMinute = 3 }
        }
        func status(_ key: String, _ address: String) async -> Int {
            await harness.respond(to: Self.request(key: key, address: address)).status
        }
        #expect(await status("one", "192.0.2.1") == 200)
        #expect(await status("one", "192.0.2.1") == 200)
        for _ in 0..<5 { #expect(await status("one", "192.0.2.1") == 429) }
        #expect(await status("two", "192.0.2.1") == 200)
        #expect(await status("two", "192.0.2.1") == 429)
        #expect(await status("two", "192.0.2.2") == 200)
        #expect(await status("two", "192.0.2.2") == 429)
        #expect(await status("three", "2001:db8::1") == 200)
        #expect(await status("three", "2001:db8::2") == 200)
    }

    @Test(arguments: [false, true])
    func `a place is held until the answer has ended`(isLate: Bool) async {
        let gate = TestGate()
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules { $0.concurrent = 1 }
        } chat: { _, number in
            number == 0 ? [.gate(gate)] + FakeCall.Step.whole("Hello") : FakeCall.Step.whole("Hello")
        }
        let first = Task { await harness.chat() }
        #expect(await eventually { gate.waitingCount == 1 })
        let refused = await harness.chat()
        #expect(refused.status == 429 && refused.header("retry-after") == "1")
        gate.open()
        #expect(await first.value.status == 200)
        #expect(await harness.chat().status == 200)
    }

    @Test(arguments: [false, true])
    func `a place comes back from a client that left`(isLate: Bool) async {
        let gate = TestGate()
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules { $0.concurrent = 1 }
        } chat: { _, number in
            number == 0 ? [.gate(gate)] : FakeCall.Step.whole("Hello")
        }
        let first = Task { await harness.chat() }
        #expect(await eventually { gate.waitingCount == 1 })
        first.cancel()
        _ = await first.value
        #expect(await harness.chat().status == 200)
    }

    @Test(arguments: [false, true])
    func `tokens are reserved, and settled to what was used`(isLate: Bool) async {
        let gate = TestGate()
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules { $0.tokensPerMinute = 1000 }
        } chat: { _, number in
            number == 0 ? [.gate(gate)] + FakeCall.Step.whole("Hello") : FakeCall.Step.whole("Hello")
        }
        let first = Task { await harness.chat() }
        #expect(await eventually { gate.waitingCount == 1 })
        // Ten answers at once may be 100 tokens long each, beside their prompts.
        let refused = await harness.chat(["n": 8, "messages": [["role": "user", "content": Self.words(40)]]])
        #expect(refused.status == 429)
        #expect(refused.header("x-ratelimit-limit-tokens") == "1000")
        gate.open()
        #expect(await first.value.status == 200)
        // 18 tokens by the vendor's count, and what this one reserves.
        let second = await harness.chat()
        #expect(second.status == 200)
        let left = second.header("x-ratelimit-remaining-tokens").flatMap { Int($0) }
        #expect(left.map { (860...881).contains($0) } == true)
        #expect(harness.chats.count == 2)
    }

    @Test(arguments: [false, true])
    func `a prompt that fits is not refused for what may be answered, one that never fits is`(
        isLate: Bool
    ) async {
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules {
                $0.tokensPerMinute = 100
                $0.requestsPerMinute = 3
            }
        }
        #expect(await harness.chat().status == 200)
        let tooLong: JSONValue = ["messages": [["role": "user", "content": Self.words(200)]]]
        let refused = await harness.chat(tooLong)
        #expect(refused.status == 429)
        #expect(refused.header("retry-after") == nil)
        #expect(harness.chats.count == 1)
        // It is not counted as a request either.
        #expect(refused.header("x-ratelimit-remaining-requests") == "2")
        let next = await harness.chat()
        #expect(next.status == 200 && next.header("x-ratelimit-remaining-requests") == "1")
        // Nor does it keep all of them from being there.
        clock.advance(by: .seconds(61))
        let first = await harness.chat(tooLong)
        #expect(first.header("x-ratelimit-remaining-requests") == "3")
        #expect(first.header("x-ratelimit-reset-requests") == "0s")
    }

    @Test(arguments: [false, true])
    func `tokens of a stream that the client left count as far as they came`(isLate: Bool) async {
        let harness = harness(isLate: isLate) {
            $0.caller = Self.rules { $0.tokensPerMinute = 10_000 }
        } chat: { _, number in
            number == 0
                ? [.head(status: 200)] + (0..<50).map { _ in .delta("hello ") } + [.gate(TestGate())]
                : FakeCall.Step.stream("a")
        }
        let client = harness.client(leavesAfter: 40)
        await harness.chat(["stream": true], over: client)
        let used = harness.log.records.last.map { ($0.inputTokens ?? 0) + ($0.outputTokens ?? 0) } ?? 0
        #expect((40...70).contains(used))
        let next = await harness.chat(["max_tokens": 1])
        let left = next.header("x-ratelimit-remaining-tokens").flatMap { Int($0) } ?? 0
        #expect((1...20).contains(10_000 - used - left))
    }

    @Test(arguments: [false, true])
    func `tokens of an answer that failed count as the vendor says`(isStreamed: Bool) async {
        let harness = harness(isLate: false) {
            $0.caller = Self.rules { $0.tokensPerMinute = 10_000 }
        } chat: { _, _ in
            FakeCall.Step.whole("", input: 11, output: 5000)
        }
        #expect(await harness.chat(["stream": .bool(isStreamed)]).status == 502)
        let next = await harness.chat(["max_tokens": 1])
        let left = next.header("x-ratelimit-remaining-tokens").flatMap { Int($0) } ?? 0
        #expect((1...20).contains(10_000 - 5011 - left))
    }

    @Test func `an address without a limit on tokens is shown all the same`() async {
        let harness = harness(isLate: false) {
            $0.caller = Self.rules { $0.tokensPerMinute = 1000 }
            $0.address = Self.rules { $0.requestsPerMinute = 9 }
        }
        let client = await harness.chat()
        #expect(client.header("x-ratelimit-remaining-requests") == "8")
        #expect(client.header("x-ratelimit-limit-tokens") == "1000")
    }

    @Test func `what a vendor says of tokens can be anything`() async {
        let harness = harness(isLate: false) {
            $0.caller = Self.rules { $0.tokensPerMinute = 1000 }
        } chat: { _, _ in
            FakeCall.Step.whole("Hello", input: .max, output: .max)
        }
        #expect(await harness.chat().status == 200)
        let next = await harness.chat()
        #expect(next.status == 429 && next.header("retry-after") == "60")
    }

    @Test func `exempt callers and networks are not counted`() async {
        let harness = harness(isLate: false) {
            $0.caller = Self.rules { $0.requestsPerMinute = 1 }
            $0.exempt.callers = [Secret("friend")]
            $0.exempt.networks = ["10.0.0.0/8"].compactMap(NetworkBlock.init)
        }
        for _ in 0..<3 {
            #expect(await harness.respond(to: Self.request(key: "friend")).status == 200)
            let client = await harness.respond(to: Self.request(address: "10.1.2.3"))
            #expect(client.status == 200 && client.header("x-ratelimit-limit-requests") == nil)
        }
        #expect(await harness.respond(to: Self.request()).status == 200)
        #expect(await harness.respond(to: Self.request()).status == 429)
    }

    @Test func `lists of models and health are not counted`() async {
        let harness = harness(isLate: false) { $0.caller = Self.rules { $0.requestsPerMinute = 1 } }
        await harness.running {
            #expect(await harness.chat().status == 200)
            for path in ["/v1/models", "/health", "/"] {
                let client = await harness.respond(to: Harness.request("GET", path))
                #expect(client.status == 200 && client.header("x-ratelimit-limit-requests") == nil)
            }
        }
    }

    @Test func `health tells more to those who may know`() async {
        let harness = harness(isLate: false) { _ in }
        func body(_ query: String, _ address: String) async -> JSONValue {
            var request = Harness.request("GET", "/health", contentType: nil)
            request.query = query
            request.remoteAddress = address
            return await harness.respond(to: request).json
        }
        #expect(await body("verbose", "127.0.0.1")["limits"]?["store"] == "process")
        #expect(await body("verbose=1", "::1")["limits"]?["store"] == "process")
        #expect(await body("", "127.0.0.1")["limits"] == nil)
        #expect(await body("verbose", "192.0.2.1")["limits"] == nil)
        #expect(await body("verbose", "")["limits"] == nil)
    }

    @Test func `a key that the vendor refused is refused without asking again`() async {
        let refusal: [FakeCall.Step] = [.head(status: 401), .text(#"{"message":"Invalid API key"}"#), .end]
        let harness = harness(isLate: false) {
            $0.wrongKeysPerMinute = 3
        } chat: { request, _ in
            request.headers["api-key"] == "good" ? FakeCall.Step.whole("Hello") : refusal
        }
        #expect(await harness.respond(to: Self.request(key: "good")).status == 200)
        #expect(await harness.respond(to: Self.request(key: "bad")).status == 401)
        #expect(await harness.respond(to: Self.request(key: "bad")).status == 401)
        #expect(harness.chats.count == 2)
        #expect(await harness.respond(to: Self.request(key: "bad2")).status == 401)
        let slowed = await harness.respond(to: Self.request(key: "bad3"))
        #expect(slowed.status == 429 && slowed.header("retry-after") != nil)
        #expect(harness.chats.count == 3)
        #expect(await harness.respond(to: Self.request(key: "good")).status == 200)
        #expect(await harness.respond(to: Self.request(key: "bad3", address: "192.0.2.9")).status == 401)
        clock.advance(by: .seconds(62))
        #expect(await harness.respond(to: Self.request(key: "bad")).status == 401)
        #expect(harness.chats.count == 6)
    }

    @Test(arguments: ["192.0.2.1", "10.1.2.3"])
    func `the refused keys of those who are exempt hold nobody up`(address: String) async {
        let refusal: [FakeCall.Step] = [.head(status: 401), .text(#"{"message":"Invalid API key"}"#), .end]
        let harness = harness(isLate: false) {
            $0.wrongKeysPerMinute = 1
            $0.exempt.callers = [Secret("friend")]
            $0.exempt.networks = ["10.0.0.0/8"].compactMap(NetworkBlock.init)
        } chat: { request, _ in
            request.headers["api-key"] == "good" ? FakeCall.Step.whole("Hello") : refusal
        }
        // Its key is one that the operator names, though the vendor takes it no more.
        for _ in 0..<3 {
            #expect(await harness.respond(to: Self.request(key: "friend", address: address)).status == 401)
        }
        #expect(harness.chats.count == 3)
        #expect(await harness.respond(to: Self.request(key: "good", address: address)).status == 200)
        if address == "10.1.2.3" {
            // Any key is exempt there; elsewhere it is one like all others, and nothing is known of it yet.
            #expect(await harness.respond(to: Self.request(key: "bad", address: address)).status == 401)
            #expect(await harness.respond(to: Self.request(key: "bad")).status == 401)
            #expect(harness.chats.count == 6)
        }
    }
}
