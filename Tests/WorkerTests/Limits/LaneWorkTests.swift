import Relay
import Synchronization
import Testing
import TestSupport

@testable import Worker

/// What a lane's thread does, on a server that does what it is told to.
struct LaneWorkTests {
    static let now = ManualClock().unixTime().seconds

    let clock = ManualClock()
    let server = FakeRecordServer()

    func makeWork() -> LaneWork {
        LaneWork(
            server, prefix: "t:2:", LaneCase.Lane(place: 3, leaseSeconds: 60),
            clock: clock, stopwatch: clock)
    }

    static func subject(
        _ scope: LimitScope = .caller, _ number: UInt64 = 1, perMinute: Int? = nil, concurrent: Int? = nil,
        tokens: Int? = nil, perDay: Int? = nil
    ) -> LimitSubject {
        var rules = LimitRules(requestsPerMinute: perMinute, concurrent: concurrent)
        rules.tokensPerMinute = tokens
        rules.requestsPerDay = perDay
        return LimitSubject(key: LimitKey(scope, .text, high: 7, low: number), rules: rules)
    }

    func cases(count: Int = 1, tokens: Int = 0, _ subjects: LimitSubject...) -> [LaneCase] {
        (0..<count).map { _ in LaneCase(LimitClaim(subjects: subjects, tokens: tokens)) { _ in } }
    }

    func left(_ subject: LimitSubject, _ measure: LimitRules.Measure = .requestsPerMinute) -> Int? {
        server.window(subject, measure, at: clock.unixTime().seconds)?.remaining
    }

    func grant(of answers: LaneWork.Answers) throws -> LimitGrant {
        try #require(answers.now.first?.decision?.grants.first)
    }

    // MARK: Claims

    @Test func `all that waits for one record is one fetch and one write`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 5)
        let answers = work.decide(cases(count: 8, subject))
        check(answers.now.count == 8 && answers.failure == nil)
        check(answers.now.map { $0.decision?.windows.first?.remaining } == [4, 3, 2, 1, 0, 0, 0, 0])
        check(
            answers.now.map { $0.decision?.refusal == nil } == [
                true, true, true, true, true, false, false, false,
            ])
        check(answers.now.first?.decision?.grants.first?.place == 3)
        check(server.fetches == 1 && server.writes == 1)
        check(left(subject) == 0)
    }

    @Test func `what is refused writes nothing`() {
        var work = makeWork()
        let caller = Self.subject(perMinute: 9)
        let answers = work.decide(cases(caller, Self.subject(.address, perMinute: 0)))
        check(answers.now.first?.decision?.grants == [])
        check(answers.now.first?.decision?.windows.map(\.remaining) == [9, 0])
        check(server.writes == 0)
    }

    @Test func `what nothing limits is not counted`() throws {
        var work = makeWork()
        let answers = work.decide(cases(tokens: 50, Self.subject(perMinute: 9)))
        let grant = try #require(answers.now.first?.decision?.grants.first)
        check(grant.requests == 1 && grant.heldPlaces == 0 && grant.tokens == 0)
        check(LimitSettlement(grant).isEmpty)
    }

    @Test func `whoever was not first counts on what is there then`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 3)
        server.before {
            $0.count(2, for: subject, at: Self.now); return .asUsual
        }
        check(work.decide(cases(count: 2, subject)).now.isEmpty)
        check(work.isPending && work.pause <= .microseconds(100))
        let answers = work.decide([])
        check(answers.now.map { $0.decision?.refusal == nil } == [true, false])
        check(left(subject) == 0 && !work.isPending && work.pause == .zero)
    }

    @Test func `a caller's request is taken back when its address has no room any more`() {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 4))
        server.before(
            { _ in .asUsual },
            {
                $0.count(4, for: address, at: Self.now); return .asUsual
            })
        check(work.decide(cases(caller, address)).now.isEmpty)
        check(left(caller) == 8)
        let answers = work.decide([])
        check(answers.now.isEmpty && answers.later.count == 1)
        check(answers.later.first?.decision?.refusal != nil)
        check(answers.later.first?.decision?.windows.map(\.remaining) == [9, 0])
        check(work.keep() == nil && left(caller) == 9 && left(address) == 0)
    }

    @Test func `an address does not count whom others were first with at his caller's`() {
        var work = makeWork()
        let (one, other) = (Self.subject(perMinute: 1), Self.subject(.caller, 2, perMinute: 1))
        let address = Self.subject(.address, perMinute: 1)
        server.before {
            $0.count(1, for: one, at: Self.now); return .asUsual
        }
        // The address has room for one: for the second, since the first is refused in the end.
        check(work.decide(cases(one, address) + cases(other, address)).now.isEmpty)
        check(left(address) == nil)
        let answers = work.decide([])
        check(answers.now.map { $0.decision?.refusal == nil } == [false, true])
        check(left(one) == 0 && left(other) == 0 && left(address) == 0)
    }

    @Test func `an address that is nearly full does not wait for callers whom others were first with`() {
        var work = makeWork()
        let (one, other) = (Self.subject(perMinute: 9), Self.subject(.caller, 2, perMinute: 9))
        let address = Self.subject(.address, perMinute: 9)
        server.before {
            $0.count(1, for: one, at: Self.now); return .asUsual
        }
        let answers = work.decide(cases(one, address) + cases(other, address))
        check(answers.now.map { $0.decision?.windows.map(\.remaining) } == [[8, 8]] && left(address) == 8)
        check(work.decide([]).now.count == 1 && left(one) == 7 && left(address) == 7)
    }

    @Test func `an address that is not nearly full counts him for a moment`() {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 1), Self.subject(.address, perMinute: 100))
        server.before {
            $0.count(1, for: caller, at: Self.now); return .asUsual
        }
        // One go writes both.
        check(work.decide(cases(caller, address)).now.isEmpty && left(address) == 99 && server.flights == 1)
        let answers = work.decide([])
        check(answers.now.isEmpty && answers.later.map { $0.decision?.refusal == nil } == [false])
        // Whoever is told of the refusal finds the address as it was.
        check(work.keep() == nil && left(caller) == 0 && left(address) == 100)
    }

    @Test func `claims that others are always first with fail in the end`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 100_000)
        var answers = LaneWork.Answers()
        var turns = 0
        server.before {
            $0.count(1, for: subject, at: Self.now); return .asUsual
        }
        answers = work.decide(cases(subject))
        while work.isPending, turns < 1000 {
            turns += 1
            server.before {
                $0.count(1, for: subject, at: Self.now); return .asUsual
            }
            answers = work.decide([])
        }
        check(turns == LaneWork.maximumContests - 1)
        check(answers.now.count == 1 && answers.now.allSatisfy { $0.decision == nil })
    }

    // MARK: Servers

    @Test(arguments: [1, 2]) func `one failure may be of a connection that was closed`(failures: Int) {
        var work = makeWork()
        server.state.withLock { $0.failures = failures }
        let answers = work.decide(cases(Self.subject(perMinute: 3)))
        check((answers.failure == nil) == (failures == 1))
        check(answers.now.count == 1 && answers.now.allSatisfy { ($0.decision == nil) == (failures == 2) })
        check(!work.isPending)
    }

    @Test func `a write that was cut off is looked after, and counts once`() {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 9))
        server.before({ _ in .asUsual }, { _ in .closesBehind })
        check(work.decide(cases(caller, address)).now.first?.decision?.refusal == nil)
        server.before({ _ in .asUsual }, { _ in .closes })
        check(work.decide(cases(caller, address)).now.isEmpty && work.decide([]).now.count == 1)
        check(left(caller) == 7 && left(address) == 7 && !work.isPending)
    }

    @Test func `a failure leaves what is written, for nobody knows of it`() {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 90))
        server.before({ _ in .asUsual }, { _ in .isGone })
        let answers = work.decide(cases(caller, address))
        check(answers.failure != nil && answers.later.isEmpty)
        check(answers.now.map { $0.decision == nil } == [true])
        // A place or a request of somebody else is not to be given back by mistake.
        check(left(caller) == 8 && left(address) == nil && !work.isPending)
    }

    @Test func `a write of which nobody knows does not hold twice what is held`() throws {
        var work = makeWork()
        let subject = Self.subject(concurrent: 9)
        let grant = try grant(of: work.decide(cases(subject)))
        server.before { _ in .isGoneButDone }
        clock.advance(by: .seconds(15))
        check(work.decide(cases(subject)).failure != nil)
        check(left(subject, .concurrent) == 7)
        // What was counted for nobody is over with the lease; what is held is held on.
        for _ in 0..<5 {
            clock.advance(by: .seconds(15))
            work.add([], abandoned: [:], isRenewing: true)
            check(work.keep() == nil)
        }
        check(left(subject, .concurrent) == 8)
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && left(subject, .concurrent) == 9)
    }

    @Test(arguments: [[], [1, 2, 3], [UInt8](repeating: 0xFF, count: 2000)])
    func `garbage is an empty record`(garbage: [UInt8]) {
        var work = makeWork()
        let subject = Self.subject(perMinute: 5)
        server.state.withLock { $0.put(garbage, at: "t:2:" + subject.key.text) }
        check(work.decide(cases(subject)).now.first?.decision?.refusal == nil)
        check(left(subject) == 4)
    }

    @Test func `what is asked whether it answers is asked within the namespace`() throws {
        try makeWork().ping()
        check(server.state.withLock { $0.names.allSatisfy { $0.hasPrefix("t:2:") } && $0.names.count == 1 })
    }

    @Test func `only a record that is written is work`() throws {
        var work = makeWork()
        let subject = Self.subject(perMinute: 1)
        _ = work.decide([])
        _ = work.decide(cases(Self.subject(.caller, 2, perMinute: 0)))
        server.before { _ in .isGone }
        _ = work.decide(cases(subject))
        check(!work.takeHasWritten())
        let grant = try grant(of: work.decide(cases(subject)))
        check(work.takeHasWritten() && !work.takeHasWritten())
        work.add([LimitSettlement(grant, isUndone: true)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && work.takeHasWritten())
    }

    @Test func `what is settled meanwhile does not shorten the pauses`() throws {
        var work = makeWork()
        let (contested, other) = (Self.subject(perMinute: 9), Self.subject(.caller, 2, concurrent: 1))
        let grant = try grant(of: work.decide(cases(other)))
        for turn in 1...2 {
            server.before {
                $0.count(1, for: contested, at: Self.now); return .asUsual
            }
            check(work.decide(turn == 1 ? cases(contested) : []).now.isEmpty)
            check(work.isUncontested == (turn == 1))
        }
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && !work.isUncontested)
        check(work.decide([]).now.count == 1 && work.isUncontested)
    }

    @Test func `claims that are given up are counted nowhere`() throws {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 4))
        server.before(
            { _ in .asUsual },
            {
                $0.count(1, for: address, at: Self.now); return .asUsual
            })
        check(work.decide(cases(caller, address)).now.isEmpty && left(caller) == 8)
        check(work.giveUp().count == 1 && work.isUndoing && work.isUncontested)
        check(work.keep() == nil && left(caller) == 9 && left(address) == 3 && !work.isPending)
    }

    // MARK: Settlements and leases

    @Test func `a request is not taken back twice when nobody knows whether it was`() throws {
        var work = makeWork()
        let subject = Self.subject(perMinute: 5)
        let grant = try grant(of: work.decide(cases(subject)))
        server.state.withLock { $0.count(2, for: subject, at: Self.now) }
        _ = work.decide([LaneCase(.look(at: [subject])) { _ in }])
        work.add([LimitSettlement(grant, isUndone: true)], abandoned: [:], isRenewing: false)
        server.before { _ in .isGoneButDone }
        check(work.keep() != nil && left(subject) == 3)
        check(work.keep() == nil && left(subject) == 3 && !work.isPending)
    }

    @Test func `ends come before claims on the same record`() throws {
        var work = makeWork()
        let subject = Self.subject(concurrent: 1)
        let grant = try grant(of: work.decide(cases(subject)))
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.decide(cases(count: 2, subject)).now.map { $0.decision?.refusal == nil } == [true, false])
        check(server.writes == 2 && work.keep() == nil && server.writes == 2)
    }

    @Test func `nothing is lost when a settlement cannot be written`() throws {
        var work = makeWork()
        let subject = Self.subject(tokens: 100)
        let grant = try grant(of: work.decide(cases(tokens: 60, subject)))
        work.add([LimitSettlement(grant, usedTokens: 7)], abandoned: [:], isRenewing: false)
        server.state.withLock { $0.failures = 2 }
        check(work.keep() != nil)
        check(left(subject, .tokensPerMinute) == 40)
        check(work.keep() == nil)
        // Nobody knows whether the reservation was given back the first time, so it ends by itself.
        check(left(subject, .tokensPerMinute) == 33 && !work.isPending)
        clock.advance(by: .seconds(71))
        check(left(subject, .tokensPerMinute) == 100)
    }

    @Test func `many ends are written by and by`() throws {
        var work = makeWork()
        var ends: [LimitSettlement] = []
        for number in 0..<100 as Range<UInt64> {
            let answers = work.decide(cases(Self.subject(.caller, number, concurrent: 1)))
            ends.append(LimitSettlement(try grant(of: answers)))
        }
        work.add(ends, abandoned: [:], isRenewing: false)
        let before = server.writes
        check(work.keep() == nil && server.writes == before + LaneWork.maximumKept)
        check(work.keep() == nil && server.writes == before + 100 && !work.isPending)
    }

    @Test func `a record is kept as long as it counts`() throws {
        var work = makeWork()
        let (minute, day) = (Self.subject(perMinute: 5, concurrent: 2), Self.subject(.caller, 2, perDay: 5))
        let grant = try grant(of: work.decide(cases(minute)))
        _ = work.decide(cases(day))
        check(server.lifetime(of: minute.key) == 120 && server.lifetime(of: day.key) == 90_000)
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && server.lifetime(of: minute.key) == 120)
    }
}
