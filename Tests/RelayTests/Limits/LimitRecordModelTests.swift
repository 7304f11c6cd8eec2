import Testing
import TestSupport

@testable import Relay

/// A list of everything that ever happened, with times in milliseconds: what limits mean, word by word.
private struct LimitLog {
    struct Use {
        var milliseconds: Int
        var amount: Int
    }

    var requests: [Use] = []
    var tokens: [Use] = []

    func requests(in window: Int, before now: Int) -> Int { Self.sum(requests, window, now) }
    func tokens(in window: Int, before now: Int) -> Int { Self.sum(tokens, window, now) }

    /// All that was used less than so many milliseconds ago.
    private static func sum(_ uses: [Use], _ window: Int, _ now: Int) -> Int {
        uses.reduce(0) { $0 + ($1.milliseconds > now - window ? $1.amount : 0) }
    }
}

@Suite struct LimitRecordModelTests {
    /// Several processes with one record, doing what comes to mind.
    struct World {
        struct Process {
            var lease = LimitLease()
            var open: [(grant: LimitGrant, use: Int)] = []
        }

        let random: SeededRandom
        var rules = LimitRules(requestsPerMinute: 20, concurrent: 6)
        var record = LimitRecord()
        fileprivate var log = LimitLog()
        var processes = [Process](repeating: Process(), count: 5)
        /// Not a multiple of anything.
        var milliseconds = 1_234_567_891
        var admitted = 0
        var refused: [LimitRules.Measure: Int] = [:]

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            // Each world has limits that are reached often, others that hardly are.
            rules.requestsPerDay = seed % 4 == 1 ? 30 : 150
            rules.tokensPerMinute = seed % 4 == 2 ? 1000 : 100_000
            rules.tokensPerDay = seed % 4 == 3 ? 3000 : 1_000_000
            if seed % 4 < 2 { rules.concurrent = 100 }
            if seed % 4 == 0 { rules.requestsPerMinute = 5 }
        }

        var now: LimitMoment {
            LimitMoment(seconds: milliseconds / 1000, nanoseconds: milliseconds % 1000 * 1_000_000)
        }
        var subject: LimitSubject {
            LimitSubject(key: LimitKey(.address, .audio, high: 3, low: 4), rules: rules)
        }

        func roll(_ sides: Int) -> Int { Int(random.nextUInt64() % UInt64(sides)) }

        /// What is held, by what each process was told.
        var places: Int {
            processes.reduce(0) { $0 + ($1.lease.expires > now.seconds ? $1.lease.places : 0) }
        }
        var reserved: Int {
            processes.reduce(0) { $0 + ($1.lease.expires > now.seconds ? $1.lease.tokens : 0) }
        }

        /// How much is used of a measure, by the log.
        ///
        /// - Parameter late: with what is one slot older than the window, too.
        func used(_ measure: LimitRules.Measure, late: Bool) -> Int {
            switch measure {
            case .requestsPerMinute: log.requests(in: late ? 61_000 : 60_000, before: milliseconds)
            case .requestsPerDay: log.requests(in: late ? 88_200_000 : 86_400_000, before: milliseconds)
            case .tokensPerMinute: log.tokens(in: late ? 61_000 : 60_000, before: milliseconds) + reserved
            case .tokensPerDay:
                log.tokens(in: late ? 88_200_000 : 86_400_000, before: milliseconds) + reserved
            case .concurrent: places
            }
        }

        func asked(_ claim: LimitClaim, _ measure: LimitRules.Measure) -> Int {
            switch measure {
            case .requestsPerMinute, .requestsPerDay: claim.requests
            case .tokensPerMinute, .tokensPerDay: claim.tokens
            case .concurrent: claim.places
            }
        }

        mutating func step() {
            switch roll(40) {
            case 0..<20: claim(roll(processes.count))
            case 20..<28: settle(roll(processes.count))
            case 28..<30: milliseconds += roll(60_000)
            case 30: milliseconds += roll(3) == 0 ? roll(40_000_000) : roll(4_000_000)
            default: milliseconds += roll(2000)
            }
            // Those who live renew; the last one is stopped every now and then.
            for index in processes.indices where index < 4 || roll(50) > 0 {
                let left = processes[index].lease.expires - now.seconds
                if left < 30 { record.renew(&processes[index].lease, at: now, leaseSeconds: 60) }
            }
            look()
        }

        mutating func claim(_ process: Int) {
            let claim = LimitClaim(
                subjects: [subject], requests: roll(4) == 0 ? 0 : 1, places: roll(3) > 0 ? 1 : 0,
                tokens: roll(3) == 0 ? 0 : roll(500))
            let before = record.windows(of: subject, at: now)
            switch record.refusal(of: claim, under: subject, at: now) {
            case nil:
                admitted += 1
                for measure in LimitRules.Measure.allCases where asked(claim, measure) > 0 {
                    let room = (rules[measure] ?? 0) - used(measure, late: false)
                    #expect(asked(claim, measure) <= room, "too much of \(measure) at \(milliseconds)")
                }
                record.take(
                    claim, under: subject, at: now, lease: &processes[process].lease, leaseSeconds: 60)
                log.requests.append(.init(milliseconds: milliseconds, amount: claim.requests))
                let grant = LimitGrant(of: claim, under: subject, countedAt: record.lastUsed)
                processes[process].open.append((grant, log.requests.count - 1))
            case .unavailable: Issue.record("a record cannot be unavailable")
            case .limit(let window, let wait):
                refused[window.measure, default: 0] += 1
                let measure = window.measure
                let room = (rules[measure] ?? 0) - used(measure, late: true)
                #expect(asked(claim, measure) > room, "refused by \(measure) at \(milliseconds)")
                #expect(record.windows(of: subject, at: now) == before)
                #expect(measure.seconds > 60 || reserved > 0 || wait ?? 0 <= 60)
                expectPasses(claim, after: wait, of: measure)
            }
        }

        /// A refused claim passes when it was told to, and not before.
        func expectPasses(_ claim: LimitClaim, after wait: Int?, of measure: LimitRules.Measure) {
            guard let wait else {
                #expect(asked(claim, measure) > rules[measure] ?? 0)
                return
            }
            #expect(wait >= 1)
            guard measure != .concurrent else { return }
            // Of what is held it is not known when it will be free.
            if reserved > 0, wait == LimitRecord.longestHold { return }
            var alone = subject
            alone.rules = rules
            // A place that is not free says nothing about when it will be.
            alone.rules.concurrent = nil
            var then = record
            #expect(then.refusal(of: claim, under: alone, at: now + wait - 1) != nil)
            then = record
            #expect(then.refusal(of: claim, under: alone, at: later(by: wait)) == nil)
        }

        mutating func settle(_ process: Int) {
            guard !processes[process].open.isEmpty else { return }
            let (grant, use) = processes[process].open.remove(at: roll(processes[process].open.count))
            let isUndone = roll(5) == 0
            let tokens = isUndone || grant.tokens == 0 ? 0 : roll(grant.tokens + 50)
            record.settle(
                LimitSettlement(grant, usedTokens: tokens, isUndone: isUndone), at: now,
                lease: &processes[process].lease, leaseSeconds: 60)
            if isUndone { log.requests[use].amount = 0 }
            log.tokens.append(.init(milliseconds: milliseconds, amount: tokens))
        }

        /// What is told is as the log has it.
        mutating func look() {
            for window in record.windows(of: subject, at: now) {
                let limit = rules[window.measure] ?? 0
                #expect(window.limit == limit)
                #expect(window.remaining <= max(0, limit - used(window.measure, late: false)))
                #expect(window.remaining >= max(0, limit - used(window.measure, late: true)))
                guard window.measure != .concurrent, reserved == 0 else { continue }
                #expect((window.resetSeconds == 0) == (window.remaining == limit))
                guard window.resetSeconds > 0 else { continue }
                #expect(remaining(window.measure, at: later(by: window.resetSeconds)) == limit)
                #expect((remaining(window.measure, at: now + (window.resetSeconds - 1)) ?? limit) < limit)
                #expect(window.measure.seconds > 60 || window.resetSeconds <= 60)
            }
            #expect(
                processes.allSatisfy { $0.lease.places == $0.open.reduce(0) { $0 + $1.grant.heldPlaces } })
            #expect(processes.allSatisfy { $0.lease.tokens == $0.open.reduce(0) { $0 + $1.grant.tokens } })
            let bytes = record.encoded()
            guard let copy = LimitRecord(encoded: bytes.span) else {
                Issue.record("cannot be read: \(bytes)")
                return
            }
            #expect(copy.encoded() == bytes)
            // From here on the copy is used: it has to be as good.
            record = copy
        }

        /// A request is on its way for more than the tick by which seconds that are told may be too few.
        func later(by seconds: Int) -> LimitMoment {
            var then = now + seconds
            then.ticks += 1
            return then
        }

        func remaining(_ measure: LimitRules.Measure, at time: LimitMoment) -> Int? {
            var then = record
            return then.windows(of: subject, at: time).first { $0.measure == measure }?.remaining
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `it admits what a list of everything would, one slot late at most`(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<1500 { world.step() }
        #expect(world.admitted > 100)
        // Else it would not have been tried.
        let tight: [LimitRules.Measure] = [
            .requestsPerMinute, .requestsPerDay, .tokensPerMinute, .tokensPerDay,
        ]
        #expect(world.refused[tight[Int(seed % 4)], default: 0] > 20, "\(world.refused)")
        if seed % 4 >= 2 { #expect(world.refused[.concurrent, default: 0] > 20, "\(world.refused)") }
    }
}
