import Relay
import Synchronization
import Testing

@testable import Worker

/// What is remembered of records, and what is found out by writing them.
extension LaneWorkTests {
    @Test func `a record that nobody else changes is fetched once`() throws {
        var work = makeWork()
        let caller = Self.subject(perMinute: 9, concurrent: 2)
        let address = Self.subject(.address, perMinute: 90)
        for turn in 1...5 {
            let grants = try #require(work.decide(cases(caller, address)).now.first?.decision?.grants)
            check(server.fetches == 1 && server.flights == 2 * turn - 1)
            work.add(grants.map { LimitSettlement($0) }, abandoned: [:], isRenewing: false)
            check(work.keep() == nil && server.fetches == 1 && server.flights == 2 * turn)
            check(left(caller) == 9 - turn && left(address) == 90 - turn && left(caller, .concurrent) == 2)
        }
    }

    @Test func `what is remembered refuses nobody`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 1)
        check(work.decide(cases(subject)).now.first?.decision?.refusal == nil)
        server.state.withLock { $0.items = [:] }
        check(work.decide(cases(subject)).now.map { $0.decision?.refusal == nil } == [true])
        check(left(subject) == 0)
    }

    @Test func `whoever only looks sees what is there`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 9)
        _ = work.decide(cases(subject))
        server.state.withLock { $0.count(3, for: subject, at: Self.now) }
        let answers = work.decide([LaneCase(.look(at: [subject])) { _ in }])
        check(answers.now.first?.decision?.windows.map(\.remaining) == [5] && server.writes == 1)
    }

    @Test(arguments: [1, StampedRecord.maximumStamps - 1, StampedRecord.maximumStamps])
    func `a write counts when others wrote behind it`(writes: Int) throws {
        var work = makeWork()
        let subject = Self.subject(perMinute: 100)
        for _ in 0..<writes {
            server.state.withLock { state in
                state.beforeLook.append { $0.count(1, for: subject, at: Self.now) }
            }
        }
        let answers = work.decide(cases(subject))
        // Behind more than are noted nobody knows, and it is counted once more: too often, if anything.
        let isNoted = writes < StampedRecord.maximumStamps
        check(answers.now.count == (isNoted ? 1 : 0) && left(subject) == 99 - writes)
        check(work.decide(cases(subject)).now.count == (isNoted ? 1 : 2))
        check(left(subject) == (isNoted ? 98 : 97) - writes && server.fetches == 1)
    }

    @Test(arguments: [false, true])
    func `what is not known to be settled is not settled twice`(isRemembered: Bool) throws {
        var (work, other) = (makeWork(), makeWork())
        let subject = Self.subject(perMinute: 100, concurrent: 9)
        let mine = try grant(of: work.decide(cases(subject)))
        // Another process holds a place until the same moment.
        _ = other.decide(cases(subject))
        check(left(subject, .concurrent) == 7)
        // By another connection it would have to be fetched anyway.
        if !isRemembered { server.state.withLock { $0.connections += 1 } }
        for _ in 0..<StampedRecord.maximumStamps {
            server.state.withLock { state in
                state.beforeLook.append { $0.count(1, for: subject, at: Self.now) }
            }
        }
        work.add([LimitSettlement(mine, isUndone: true)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && work.isPending && left(subject, .concurrent) == 8)
        check(work.keep() == nil && !work.isPending)
        check(left(subject, .concurrent) == 8 && left(subject) == 100 - 1 - 8)
    }

    @Test func `what others wrote long since is no doubt`() throws {
        var work = makeWork()
        let subject = Self.subject(perMinute: 100, concurrent: 9)
        let grant = try grant(of: work.decide(cases(subject)))
        for _ in 0..<20 { server.state.withLock { $0.count(1, for: subject, at: Self.now) } }
        work.add([LimitSettlement(grant)], abandoned: [:], isRenewing: false)
        check(work.keep() == nil && work.isPending && left(subject, .concurrent) == 8)
        check(work.keep() == nil && !work.isPending && left(subject, .concurrent) == 9)
    }

    @Test func `what was learned of one server is not taken for what another has`() {
        var (work, other) = (makeWork(), makeWork())
        let subject = Self.subject(perMinute: 9)
        check(work.decide(cases(count: 3, subject)).now.count == 3)
        // It begins anew, and numbers its values as before.
        server.state.withLock {
            $0.items = [:]
            $0.nextVersion = 1
            $0.connections += 1
        }
        check(other.decide(cases(subject)).now.count == 1)
        check(work.decide(cases(subject)).now.count == 1 && left(subject) == 7)
    }

    @Test func `what was learned by one connection is not used when another is made in the middle`() {
        var (work, other) = (makeWork(), makeWork())
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 90))
        check(work.decide(cases(count: 3, caller)).now.count == 3)
        server.state.withLock {
            $0.items = [:]
            $0.nextVersion = 1
        }
        check(other.decide(cases(caller)).now.count == 1)
        // To ask for the address takes a new connection, while the caller's record is remembered.
        server.beforeFetch { $0.connections += 1 }
        check(work.decide(cases(caller, address)).now.count == 1 && left(caller) == 7)
    }

    @Test func `two who write the same are two`() {
        var (one, other) = (makeWork(), makeWork())
        let subject = Self.subject(perMinute: 9)
        check(one.decide(cases(subject)).now.count == 1 && other.decide(cases(subject)).now.count == 1)
        // Both remember the same count now, of which one is of the past.
        check(one.decide(cases(subject)).now.isEmpty && one.decide([]).now.count == 1)
        check(other.decide(cases(subject)).now.isEmpty && other.decide([]).now.count == 1)
        check(left(subject) == 5)
    }

    @Test func `what was changed and not written is forgotten`() throws {
        var work = makeWork()
        let (caller, address) = (Self.subject(perMinute: 9), Self.subject(.address, perMinute: 1))
        _ = work.decide(cases(caller, address))
        // The first two are counted in what is remembered; then it is to be fetched, for the address refuses.
        server.state.withLock { $0.failures = 2 }
        check(work.decide(cases(Self.subject(perMinute: 9)) + cases(address)).failure != nil)
        check(work.decide(cases(caller)).now.count == 1 && left(caller) == 7)
    }

    @Test func `no more is remembered than there is room for`() throws {
        var work = makeWork()
        for number in 0..<1000 as Range<UInt64> {
            check(work.decide(cases(Self.subject(.caller, number, perMinute: 9))).now.count == 1)
        }
        check(server.fetches == 1000 && server.writes == 1000)
        check(work.decide(cases(Self.subject(.caller, 999, perMinute: 9))).now.count == 1)
        check(work.decide(cases(Self.subject(.caller, 0, perMinute: 9))).now.count == 1)
        check(server.fetches == 1001 && left(Self.subject(.caller, 0, perMinute: 9)) == 7)
    }

    @Test func `whoever loses once tries at once, and whoever loses again waits and looks`() {
        var work = makeWork()
        let subject = Self.subject(perMinute: 9)
        for turn in 1...3 {
            server.before {
                $0.count(1, for: subject, at: Self.now); return .asUsual
            }
            check(work.decide(turn == 1 ? cases(subject) : []).now.isEmpty)
            check(turn > 1 || work.pause == .zero)
            check(server.fetches == max(1, turn - 1))
        }
        check(work.decide([]).now.count == 1 && left(subject) == 5 && server.fetches == 3)
    }

    @Test func `to lose with one record after another is no reason to wait`() {
        var work = makeWork()
        let subjects = (0..<9 as Range<UInt64>).map { Self.subject(.caller, $0, perMinute: 9) }
        for subject in subjects { check(work.decide(cases(subject)).now.count == 1) }
        // Another process answers the same callers.
        server.state.withLock { state in
            for subject in subjects { state.count(1, for: subject, at: Self.now) }
        }
        for (number, subject) in subjects.enumerated() {
            check(work.decide(cases(subject)).now.count == min(number, 1) && work.isUncontested)
        }
        check(work.decide([]).now.count == 1 && !work.isPending)
        check(subjects.allSatisfy { left($0) == 6 } && server.fetches == 9)
    }
}
