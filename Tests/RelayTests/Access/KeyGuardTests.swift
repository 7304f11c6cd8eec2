import Dialects
import Testing

@testable import Relay

@Suite struct KeyGuardTests {
    private static let start = Instant(sinceOrigin: .milliseconds(1_000_250))
    private static let home = LimitDigest(high: 1, low: 1)
    private static let elsewhere = LimitDigest(high: 2, low: 2)
    private static let refusal = Failure(
        .invalidCredential, "1min.ai: Invalid API key (UNAUTHORIZED)", upstreamStatus: 401)

    private static func key(_ number: Int) -> LimitDigest {
        LimitDigest(high: UInt64(number), low: 99)
    }

    private static func keyGuard(
        perMinute: Int? = 3, memory: Duration? = .seconds(60), vendors: Int = 1
    ) -> KeyGuard {
        var configuration = Configuration()
        configuration.limits.wrongKeysPerMinute = perMinute
        configuration.limits.wrongKeyMemory = memory
        configuration.providers = .init(repeating: Configuration.Provider(), count: vendors)
        return KeyGuard(configuration)
    }

    /// How many keys and addresses are remembered.
    private static func counts(_ keys: KeyGuard) -> [Int] {
        [keys.counts.keys, keys.counts.addresses]
    }

    /// What a request is told, in the words of the table of answers; nil when it may go on.
    private static func answer(
        _ keys: KeyGuard, _ credential: LimitDigest?, from address: LimitDigest = home,
        after seconds: Double = 0
    ) -> Failure? {
        do throws(Failure) {
            try keys.check(credential: credential, address: address, now: start + .seconds(seconds))
            return nil
        } catch {
            return error
        }
    }

    private static func note(
        _ keys: KeyGuard, _ outcome: KeyGuard.Outcome, _ key: LimitDigest, from address: LimitDigest = home,
        after seconds: Double = 0
    ) {
        keys.note(outcome, credential: key, address: address, now: start + .seconds(seconds))
    }

    @Test func `a refused key is told the same again without asking, for a minute`() {
        let keys = Self.keyGuard(perMinute: nil)
        #expect(Self.answer(keys, Self.key(1)) == nil)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        var expected = Self.refusal
        expected.upstreamStatus = nil
        #expect(Self.answer(keys, Self.key(1), after: 1) == expected)
        #expect(Self.answer(keys, Self.key(1), from: Self.elsewhere, after: 59.9) == expected)
        #expect(Self.answer(keys, Self.key(1), after: 60) == nil)
        #expect(Self.answer(keys, Self.key(2), after: 1) == nil)
    }

    @Test func `a key that is accepted is wrong no more`() {
        let keys = Self.keyGuard()
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        Self.note(keys, .accepted, Self.key(1), after: 1)
        #expect(Self.answer(keys, Self.key(1), after: 1) == nil)
        Self.note(keys, .refused(Self.refusal), Self.key(1), after: 2)
        #expect(Self.answer(keys, Self.key(1), after: 2)?.kind == .invalidCredential)
    }

    @Test func `without a memory the vendor is asked each time`() {
        let keys = Self.keyGuard(memory: nil)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        #expect(Self.answer(keys, Self.key(1)) == nil)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        #expect(Self.answer(keys, Self.key(1))?.kind == .rateLimited)
    }

    @Test func `what one of several vendors refuses may be the key of another, and counts all the same`() {
        let keys = Self.keyGuard(perMinute: 3, vendors: 2)
        for _ in 0..<2 {
            Self.note(keys, .refused(Self.refusal), Self.key(1))
            #expect(Self.answer(keys, Self.key(1)) == nil)
        }
        #expect(Self.counts(keys) == [0, 1])
        Self.note(keys, .refused(Self.refusal), Self.key(2))
        #expect(Self.answer(keys, Self.key(3))?.kind == .rateLimited)
        #expect(Self.answer(keys, Self.key(3), from: Self.elsewhere) == nil)
    }

    @Test func `a key that one of several vendors takes is not counted for what another refuses`() {
        let keys = Self.keyGuard(perMinute: 1, vendors: 2)
        Self.note(keys, .accepted, Self.key(1))
        for _ in 0..<5 { Self.note(keys, .refused(Self.refusal), Self.key(1), after: 1) }
        #expect(Self.answer(keys, Self.key(1), after: 1) == nil)
        #expect(Self.counts(keys) == [1, 0])
        // Nobody has taken it for ten minutes.
        Self.note(keys, .refused(Self.refusal), Self.key(1), after: 600)
        #expect(Self.answer(keys, Self.key(1), after: 600)?.kind == .rateLimited)
    }

    @Test func `several vendors without a limit are asked each time`() {
        let keys = Self.keyGuard(perMinute: nil, vendors: 2)
        for _ in 0..<5 { Self.note(keys, .refused(Self.refusal), Self.key(1)) }
        #expect(Self.answer(keys, Self.key(1)) == nil)
        #expect(Self.counts(keys) == [0, 0])
    }

    @Test func `requests without a key are counted, and held up over the limit`() {
        let keys = Self.keyGuard(perMinute: 3)
        for _ in 0..<3 { #expect(Self.answer(keys, nil) == nil) }
        let failure = Self.answer(keys, nil)
        #expect(failure?.kind == .rateLimited)
        #expect(failure?.answer.status == 429)
        #expect(failure?.message.contains("the limit is 3 a minute") == true)
        #expect(Self.answer(keys, nil, from: Self.elsewhere) == nil)
    }

    @Test func `refusals and what repeats them are counted`() {
        let keys = Self.keyGuard(perMinute: 3)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        #expect(Self.answer(keys, Self.key(1))?.kind == .invalidCredential)
        #expect(Self.answer(keys, Self.key(1))?.kind == .invalidCredential)
        #expect(Self.answer(keys, Self.key(1))?.kind == .rateLimited)
        // Nobody knows of this one; so it waits as well.
        #expect(Self.answer(keys, Self.key(2))?.kind == .rateLimited)
        #expect(Self.answer(keys, Self.key(1), from: Self.elsewhere)?.kind == .invalidCredential)
    }

    /// A request is on its way for some time, here a thousandth of a second.
    @Test func `it may go on when it was told, and not earlier`() throws {
        let keys = Self.keyGuard(perMinute: 3)
        for second in [0, 10, 20.0] { #expect(Self.answer(keys, nil, after: second) == nil) }
        let wait = try #require(Self.answer(keys, nil, after: 30)?.retryAfterSeconds)
        #expect(wait == 30)
        #expect(Self.answer(keys, nil, after: 60)?.retryAfterSeconds == 1)
        #expect(Self.answer(keys, nil, after: 30.001 + Double(wait)) == nil)
        // What was held up in between cost nothing; the next one goes when the second does.
        #expect(Self.answer(keys, nil, after: 60.002)?.retryAfterSeconds == 10)
        #expect(Self.answer(keys, nil, after: 70.003) == nil)
    }

    @Test func `never more than the limit pass within any minute`() {
        let keys = Self.keyGuard(perMinute: 5)
        var passed: [Double] = []
        for step in 0..<2_000 {
            let time = Double(step) * 0.15
            if Self.answer(keys, nil, after: time) == nil { passed.append(time) }
        }
        for (index, time) in passed.enumerated() where index >= 5 { #expect(time - passed[index - 5] >= 60) }
        #expect(passed.count >= 20)
    }

    @Test func `keys known to be good pass while their address is held up`() {
        let keys = Self.keyGuard(perMinute: 3)
        Self.note(keys, .accepted, Self.key(1))
        for _ in 0..<10 { _ = Self.answer(keys, nil) }
        #expect(Self.answer(keys, Self.key(2))?.kind == .rateLimited)
        #expect(Self.answer(keys, Self.key(1)) == nil)
        // Known for ten minutes from when it was last accepted.
        Self.note(keys, .accepted, Self.key(1), after: 500)
        for second in [1_099.9, 1_100] { for _ in 0..<10 { _ = Self.answer(keys, nil, after: second) } }
        #expect(Self.answer(keys, Self.key(1), after: 1_099.9) == nil)
        #expect(Self.answer(keys, Self.key(1), after: 1_100)?.kind == .rateLimited)
    }

    @Test func `a key need not be noted again for five minutes after it was accepted`() throws {
        func check(_ keys: KeyGuard, after seconds: Double) throws -> KeyGuard.Acceptance? {
            try keys.check(
                credential: Self.key(1), address: Self.home, now: Self.start + .seconds(seconds))
        }
        func noteAgain(_ keys: KeyGuard, after seconds: Double, _ known: KeyGuard.Acceptance?) {
            keys.note(
                .accepted, credential: Self.key(1), address: Self.home, now: Self.start + .seconds(seconds),
                known: known)
        }
        let keys = Self.keyGuard(perMinute: 3)
        #expect(try check(keys, after: 0) == nil)
        Self.note(keys, .accepted, Self.key(1))
        noteAgain(keys, after: 299.9, try check(keys, after: 1))
        #expect(try check(keys, after: 599.9) != nil)
        #expect(try check(keys, after: 600) == nil)
        // A request may take long: what counts is how long it is remembered when it ends.
        Self.note(keys, .accepted, Self.key(1), after: 1000)
        let known = try check(keys, after: 1001)
        noteAgain(keys, after: 1300, known)
        #expect(try check(keys, after: 1899.9) != nil)
        // Another request was told meanwhile that the key is wrong, which this one contradicts.
        let before = try check(keys, after: 1301)
        Self.note(keys, .refused(Self.refusal), Self.key(1), after: 1302)
        #expect(throws: Failure.self) { try check(keys, after: 1303) }
        noteAgain(keys, after: 1304, before)
        #expect(try check(keys, after: 1305) != nil)
        // Nothing is known where nothing is remembered.
        let off = Self.keyGuard(perMinute: nil, memory: nil)
        Self.note(off, .accepted, Self.key(1))
        #expect(try check(off, after: 1) == nil)
    }

    @Test func `a key that is used is not forgotten for others`() throws {
        let keys = Self.keyGuard(perMinute: 3)
        Self.note(keys, .accepted, Self.key(0))
        for number in 1...KeyVerdicts.maximumKeys {
            Self.note(keys, .accepted, Self.key(number))
            let known = try keys.check(credential: Self.key(0), address: Self.home, now: Self.start)
            #expect(known != nil)
        }
    }

    @Test func `a good key that is refused then is good no more`() {
        let keys = Self.keyGuard(perMinute: 1, memory: nil)
        Self.note(keys, .accepted, Self.key(1))
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        #expect(Self.answer(keys, Self.key(1))?.kind == .rateLimited)
    }

    @Test func `without a limit nobody is held up`() {
        let keys = Self.keyGuard(perMinute: nil)
        for _ in 0..<100 { #expect(Self.answer(keys, nil) == nil) }
        #expect(Self.counts(keys) == [0, 0])
    }

    @Test func `turned off it keeps nothing`() {
        let keys = Self.keyGuard(perMinute: nil, memory: nil)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        Self.note(keys, .accepted, Self.key(2))
        #expect(Self.answer(keys, Self.key(1)) == nil)
        #expect(Self.counts(keys) == [0, 0])
    }

    @Test func `a successor knows what its predecessor knew`() {
        let keys = Self.keyGuard(perMinute: 3)
        Self.note(keys, .refused(Self.refusal), Self.key(1))
        Self.note(keys, .accepted, Self.key(2))
        var configuration = Configuration()
        configuration.limits.wrongKeysPerMinute = 1
        let successor = KeyGuard(configuration, succeeding: keys)
        #expect(Self.answer(successor, Self.key(2)) == nil)
        #expect(Self.answer(successor, Self.key(3))?.kind == .rateLimited)
        #expect(Self.answer(successor, Self.key(1), from: Self.elsewhere)?.kind == .invalidCredential)
        // They share nothing from then on.
        Self.note(successor, .accepted, Self.key(1))
        #expect(Self.answer(keys, Self.key(1))?.kind == .invalidCredential)
    }

    @Test func `times may come a little out of order`() {
        let keys = Self.keyGuard(perMinute: 2)
        #expect(Self.answer(keys, nil, after: 5) == nil)
        #expect(Self.answer(keys, nil, after: 3) == nil)
        // It is 62, longer than SDKs wait.
        #expect(Self.answer(keys, nil, after: 3)?.retryAfterSeconds == 60)
    }

    /// A hundred thousand keys, none like another: from one address, from more than are remembered, and with no limit to stop them.
    @Test(.timeLimit(.minutes(5)))
    func `a flood of distinct keys does not grow the memory nor touch those who are known`() {
        let keys = Self.keyGuard(perMinute: 30)
        let open = Self.keyGuard(perMinute: nil)
        for good in 0..<100 {
            Self.note(keys, .accepted, Self.key(2_000_000 + good))
            Self.note(open, .accepted, Self.key(2_000_000 + good))
        }
        var asked = 0
        for number in 0..<50_000 where Self.answer(keys, Self.key(number)) == nil {
            asked += 1
            Self.note(keys, .refused(Self.refusal), Self.key(number))
        }
        #expect(asked == 30)
        for number in 0..<25_000 {
            let address = LimitDigest(high: 3, low: UInt64(number / 4))
            guard Self.answer(keys, Self.key(number + 50_000), from: address) == nil else { continue }
            Self.note(keys, .refused(Self.refusal), Self.key(number + 50_000), from: address)
        }
        for number in 75_000..<100_000 where Self.answer(open, Self.key(number)) == nil {
            Self.note(open, .refused(Self.refusal), Self.key(number))
        }
        #expect(Self.counts(keys) == [KeyVerdicts.maximumKeys + 100, WrongKeys.maximumAddresses])
        #expect(Self.counts(open) == [KeyVerdicts.maximumKeys + 100, 0])
        for good in 0..<100 {
            #expect(Self.answer(keys, Self.key(2_000_000 + good)) == nil)
            #expect(Self.answer(open, Self.key(2_000_000 + good)) == nil)
        }
    }

    @Test func `a failure tells of the key only where the vendor looked at it`() {
        func outcome(_ kind: Failure.Kind, _ status: Int?) -> String {
            switch KeyGuard.Outcome(Failure(kind, "", upstreamStatus: status)) {
            case .accepted: "accepted"
            case .refused: "refused"
            case nil: "nothing"
            }
        }
        #expect(outcome(.invalidCredential, 401) == "refused")
        // The relay's own word, and one about somebody else's key in the middle of a stream.
        #expect(outcome(.invalidCredential, nil) == "nothing")
        #expect(outcome(.invalidCredential, 200) == "nothing")
        #expect(outcome(.permissionDenied, 403) == "nothing")
        #expect(outcome(.modelNotFound, 400) == "accepted")
        #expect(outcome(.modelNotFound, nil) == "nothing")
        #expect(outcome(.insufficientQuota, 402) == "accepted")
        #expect(outcome(.upstreamRejected, 400) == "accepted")
        #expect(outcome(.upstreamFailed, 500) == "nothing")
        #expect(outcome(.rateLimited, 429) == "nothing")
    }
}
