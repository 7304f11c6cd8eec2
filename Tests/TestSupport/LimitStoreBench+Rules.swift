import Relay

extension LimitStoreBench {
    func countsToTheLimit() async {
        let subject = subject { $0.requestsPerMinute = 5 }
        for left in [4, 3, 2, 1, 0] {
            let decision = await stores[left % 2].admit(LimitClaim(subjects: [subject]))
            expect(decision.refusal == nil, "refused with \(left + 1) left")
            let window = LimitWindow(
                scope: .caller, measure: .requestsPerMinute, limit: 5, remaining: left, resetSeconds: 60)
            expect(decision.windows == [window], "\(decision.windows) with \(left) left")
            expect(
                decision.grants.count == 1
                    && decision.grants.allSatisfy {
                        // Nothing has to be given back where places are not limited.
                        $0.requests == 1 && $0.heldPlaces == 0 && $0.key == subject.key
                    },
                "granted \(decision.grants)")
        }
        clock.advance(by: .seconds(10))
        for _ in 0..<3 {
            let decision = await stores[0].admit(LimitClaim(subjects: [subject]))
            expect(decision.limit?.measure == .requestsPerMinute, "a sixth passed")
            expect(decision.limit?.wait == 50, "to come back in \(String(describing: decision.limit?.wait))")
            expect(decision.grants.isEmpty && decision.windows.first?.remaining == 0, "counted when refused")
        }
        clock.advance(by: .seconds(50))
        expect(await stores[0].admit(LimitClaim(subjects: [subject])).refusal != nil, "passed too early")
        clock.advance(by: .milliseconds(1))
        expect(await stores[0].admit(LimitClaim(subjects: [subject])).refusal == nil, "refused too long")
        expect(await remaining(subject, 1) == 4, "more than one counted")
    }

    func takesAllOrNothing() async {
        let caller = subject { $0.requestsPerMinute = 10 }
        let address = subject(1, .address) { $0.requestsPerMinute = 2 }
        for subjects in [[caller, address], [address, caller]] {
            let decision = await stores[0].admit(LimitClaim(subjects: subjects))
            expect(decision.grants.map(\.key) == subjects.map(\.key), "granted \(decision.grants)")
            expect(decision.windows.map(\.scope) == subjects.map(\.key.scope), "in another order")
        }
        for subjects in [[caller, address], [address, caller]] {
            let decision = await stores[1].admit(LimitClaim(subjects: subjects))
            expect(decision.limit?.scope == .address, "not refused by the address")
            expect(decision.grants.isEmpty, "granted in part")
            expect(decision.windows.map(\.remaining).sorted() == [0, 8], "\(decision.windows)")
        }
        expect(await remaining(caller) == 8, "the caller lost a request")
    }

    func settlesTokens() async {
        let subject = subject { $0.tokensPerMinute = 100 }
        let reserve = LimitClaim(subjects: [subject], requests: 0, places: 0, tokens: 60)
        let decision = await stores[0].admit(reserve)
        expect(decision.windows.first?.remaining == 40, "reserved otherwise")
        expect(await stores[1].admit(reserve).limit?.measure == .tokensPerMinute, "passed twice")
        stores[0].settle(ends(decision, usedTokens: 25))
        await expectSoon("not settled") { await self.remaining(subject, 1) == 75 }
        expect(await stores[1].admit(reserve).refusal == nil, "refused when there was room")
        let never = await stores[0].admit(
            LimitClaim(subjects: [subject], requests: 0, places: 0, tokens: 101))
        expect(
            never.limit?.measure == .tokensPerMinute && never.limit?.wait == nil, "promised what cannot be")
    }

    func givesPlacesBack() async {
        let subject = subject { $0.concurrent = 2 }
        let claim = LimitClaim(subjects: [subject])
        let first = await stores[0].admit(claim)
        let second = await stores[1].admit(claim)
        expect(first.refusal == nil && second.refusal == nil, "refused when there was room")
        let third = await stores[2].admit(claim)
        expect(third.limit?.measure == .concurrent && third.limit?.wait == 1, "no place, yet \(third)")
        stores[1].settle(ends(second))
        await expectSoon("not given back") { await self.remaining(subject, 2) == 1 }
        expect(await stores[2].admit(claim).refusal == nil, "given back, yet refused")
    }

    func undoes() async {
        let caller = subject {
            $0.requestsPerMinute = 3
            $0.requestsPerDay = 3
        }
        let address = subject(1, .address) { $0.requestsPerMinute = 3 }
        let decision = await stores[0].admit(LimitClaim(subjects: [caller, address]))
        clock.advance(by: .seconds(5))
        stores[0].settle(ends(decision, isUndone: true))
        await expectSoon("counted still") {
            await self.windows(caller, 1).map(\.remaining) == [3, 3]
        }
        await expectSoon("counted still for the address") { await self.remaining(address, 1) == 3 }
        expect(await windows(caller).map(\.resetSeconds) == [0, 0], "something is left")
    }

    func endsLeases() async {
        let subject = subject {
            $0.tokensPerMinute = 10
            $0.concurrent = 1
        }
        let claim = LimitClaim(subjects: [subject], tokens: 10)
        expect(await stores[0].admit(claim).refusal == nil, "refused when there was room")
        clock.advance(by: .seconds(leaseSeconds - 1))
        expect(await stores[1].admit(claim).refusal != nil, "not held for the lease time")
        clock.advance(by: .seconds(2 + leaseSeconds / 6))
        // Whoever died has settled nothing, so nothing was used.
        expect(await windows(subject, 1).map(\.remaining) == [10, 1], "held for longer")
        expect(await stores[1].admit(claim).refusal == nil, "nobody has it, yet refused")
    }

    func keepsRenewedLeases() async {
        let subject = subject {
            $0.tokensPerMinute = 10
            $0.concurrent = 1
        }
        let claim = LimitClaim(subjects: [subject], tokens: 10)
        let decision = await stores[0].admit(claim)
        let time = clock.now()
        while clock.now() - time < .seconds(3 * leaseSeconds) {
            clock.advance(by: .seconds(max(1, leaseSeconds / 3)))
            stores[0].renew()
            // The store may write it a little later; it must not look as if the time were over by then.
            await expectSoon("lost though renewed") {
                await self.windows(subject, 1).map(\.remaining) == [0, 0]
            }
        }
        expect(await stores[1].admit(claim).refusal != nil, "given to another")
        stores[0].settle(ends(decision, usedTokens: 4))
        await expectSoon("not given back") { await self.windows(subject, 1).map(\.remaining) == [6, 1] }
    }

    func takesLateSettlements() async {
        let subject = subject { $0.concurrent = 1 }
        let claim = LimitClaim(subjects: [subject])
        let late = await stores[0].admit(claim)
        clock.advance(by: .seconds(leaseSeconds * 2))
        let other = await stores[1].admit(claim)
        expect(other.refusal == nil, "held for longer")
        stores[0].settle(ends(late))
        // An answer of the same store comes after what it was told.
        expect(await stores[0].admit(claim).refusal != nil, "took the place of another")
        await expectSoon("took the place of another") { await self.remaining(subject, 2) == 0 }
        stores[1].settle(ends(other))
        await expectSoon("not given back") { await self.remaining(subject, 2) == 1 }
    }

    func tellsProcessesApart() async {
        let subject = subject { $0.concurrent = 3 }
        let claim = LimitClaim(subjects: [subject])
        let first = await stores[0].admit(claim)
        _ = await stores[1].admit(claim)
        clock.advance(by: .seconds(leaseSeconds / 2))
        stores[0].renew()
        await expectSoon("lost though renewed") { await self.remaining(subject, 2) == 1 }
        // By now the other one, which does not renew, is over.
        clock.advance(by: .seconds(leaseSeconds / 2 + leaseSeconds / 6 + 1))
        stores[0].renew()
        await expectSoon("held though nobody lives, or lost though renewed") {
            await self.remaining(subject, 2) == 2
        }
        stores[0].settle(ends(first))
        await expectSoon("not given back") { await self.remaining(subject, 2) == 3 }
    }

    func countsDays() async {
        let subject = subject { $0.requestsPerDay = 2 }
        let claim = LimitClaim(subjects: [subject], places: 0)
        for _ in 0..<2 { expect(await stores[0].admit(claim).refusal == nil, "refused when there was room") }
        guard let wait = await stores[1].admit(claim).limit?.wait else {
            return expect(false, "no time to come back")
        }
        expect((86_400...88_200).contains(wait), "a day is \(wait) s")
        clock.advance(by: .seconds(wait - 1))
        expect(await stores[1].admit(claim).limit?.wait == 1, "passed too early")
        clock.advance(by: .seconds(1))
        expect(await windows(subject).map(\.remaining) == [2], "refused too long")
    }

    func tellsKeysApart() async {
        var subjects: [LimitSubject] = []
        for number in 0..<2 as Range<UInt64> {
            for scope in LimitScope.allCases {
                for limitClass in LimitClass.allCases {
                    subjects.append(subject(number, scope, limitClass) { $0.requestsPerMinute = 1 })
                }
            }
        }
        for subject in subjects {
            expect(
                await stores[0].admit(LimitClaim(subjects: [subject])).refusal == nil,
                "refused for another's use")
        }
        for subject in subjects {
            expect(await stores[1].admit(LimitClaim(subjects: [subject])).refusal != nil, "passed twice")
        }
    }

    func bearsClocksThatGoBack() async {
        let subject = subject { $0.requestsPerMinute = 2 }
        let claim = LimitClaim(subjects: [subject], places: 0)
        clock.advance(by: .seconds(1000))
        expect(await stores[0].admit(claim).refusal == nil, "refused when there was room")
        clock.advance(by: .seconds(-200))
        expect(await stores[1].admit(claim).refusal == nil, "refused when there was room")
        expect(await stores[1].admit(claim).refusal != nil, "a small step back gives anew")
        clock.advance(by: .seconds(-500))
        expect(await stores[1].admit(claim).refusal != nil, "a large step back gives anew")
        clock.advance(by: .seconds(61))
        expect(await stores[1].admit(claim).refusal == nil, "refused until the clock is where it was")
    }

    func racesForRequests() async {
        let subject = subject { $0.requestsPerMinute = 40 }
        for round in 1...3 {
            let granted = await race(64, LimitClaim(subjects: [subject], places: 0))
            expect(granted.count == 40, "\(granted.count) of 40 in round \(round)")
            clock.advance(by: .seconds(61))
        }
    }

    func racesForPlaces() async {
        let subject = subject { $0.concurrent = 7 }
        let claim = LimitClaim(subjects: [subject])
        for round in 1...3 {
            let granted = await race(64, claim)
            expect(granted.count == 7, "\(granted.count) of 7 in round \(round)")
            for (store, decision) in granted { stores[store].settle(ends(decision)) }
            await expectSoon("not given back") { await self.remaining(subject) == 7 }
        }
    }

    func racesOverTwoRecords() async {
        let address = subject(9, .address) { $0.requestsPerMinute = 25 }
        let callers = (0..<4 as Range<UInt64>).map { number in subject(number) { $0.requestsPerMinute = 10 } }
        let stores = stores
        let granted = await withTaskGroup(of: UInt64?.self) { group in
            for number in 0..<64 {
                let caller = callers[number % 4]
                let subjects = number % 8 < 4 ? [caller, address] : [address, caller]
                group.addTask {
                    let claim = LimitClaim(subjects: subjects, places: 0)
                    let decision = await stores[number % stores.count].admit(claim)
                    return decision.refusal == nil ? caller.key.low : nil
                }
            }
            var granted: [UInt64] = []
            for await caller in group { granted += caller.map { [$0] } ?? [] }
            return granted
        }
        expect(granted.count == 25, "\(granted.count) of 25")
        for caller in callers {
            let count = granted.count { $0 == caller.key.low }
            expect(await remaining(caller) == 10 - count, "a refused claim was counted")
        }
        expect(await remaining(address) == 0, "counted otherwise than granted")
    }
}
