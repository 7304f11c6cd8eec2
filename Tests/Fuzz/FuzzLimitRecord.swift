// Properties: any bytes are read or refused, and what is read is written as it was; any memory can be worked with, numbers
// stay in their range, and what fits is counted exactly.
// Compiled together with what it needs of Sources/Relay/Limits by run.sh.

/// Checks one input; traps when a property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLimitRecord(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let raw = Array(UnsafeBufferPointer(start: start, count: count))
    if let record = LimitRecord(encoded: raw.span) {
        precondition(record.encoded() == raw, "written otherwise than read")
        work(record, script: raw[...])
    }
    // The first half of it is memory, which repeats itself; the rest says what happens.
    let memory = raw[..<(count / 2)]
    var record = LimitRecord()
    withUnsafeMutableBytes(of: &record) { bytes in
        guard !memory.isEmpty else { return }
        for index in bytes.indices { bytes[index] = memory[index % memory.count] }
    }
    work(record, script: raw[(count / 2)...])
    return 0
}

/// Does with a record what the script says.
private func work(_ record: LimitRecord, script: ArraySlice<UInt8>) {
    var record = record
    var script = script
    var lease = LimitLease()
    var now = LimitMoment(seconds: record.lastUsed)
    while let step = script.popFirst() {
        var rules = LimitRules(requestsPerMinute: limit(&script), concurrent: limit(&script))
        rules.requestsPerDay = limit(&script)
        rules.tokensPerMinute = limit(&script)
        rules.tokensPerDay = limit(&script)
        let subject = LimitSubject(key: LimitKey(.caller, .text, high: 0, low: 0), rules: rules)
        let claim = LimitClaim(
            subjects: [subject], requests: number(&script), places: step & 8 == 0 ? 1 : 0,
            tokens: number(&script)
        )
        let leaseSeconds = number(&script)
        switch step % 8 {
        case 0:
            now = LimitMoment(seconds: number(&script), ticks: UInt16(truncatingIfNeeded: number(&script)))
        case 1: now.seconds &+= Int(script.popFirst() ?? 0) * Int(script.popFirst() ?? 0)
        case 2: now.seconds &-= Int(script.popFirst() ?? 0)
        case 3: record.renew(&lease, at: now, leaseSeconds: leaseSeconds)
        case 4:
            let grant = LimitGrant(
                key: subject.key, heldPlaces: claim.places, requests: claim.requests,
                countedAt: step & 16 == 0 ? now.seconds : number(&script), tokens: claim.tokens)
            let settlement = LimitSettlement(grant, usedTokens: number(&script), isUndone: step & 32 == 0)
            record.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
        case 5:
            lease.places = number(&script)
            lease.tokens = number(&script)
            lease.expires = number(&script)
        case 6: record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: leaseSeconds)
        default: take(claim, of: subject, &record, now, leaseSeconds)
        }
        // Where nothing is held a lease is not looked at.
        if [3, 4].contains(step % 8) || step % 8 == 6 && rules.isHeld {
            precondition(lease.places >= 0 && lease.tokens >= 0, "less than nothing is held")
        }
        _ = record.weight(at: now)
        for window in record.windows(of: subject, at: now) {
            precondition(
                window.remaining >= 0 && window.remaining <= max(0, window.limit), "another remainder")
            precondition((0...88_200).contains(window.resetSeconds), "another reset")
        }
        let bytes = record.encoded()
        guard let copy = LimitRecord(encoded: bytes.span) else { preconditionFailure("cannot be read") }
        precondition(copy.encoded() == bytes, "read otherwise than written")
    }
}

/// Counts a claim if it fits, for a process that holds nothing yet.
private func take(
    _ claim: LimitClaim, of subject: LimitSubject, _ record: inout LimitRecord, _ now: LimitMoment,
    _ leaseSeconds: Int
) {
    let before = record.windows(of: subject, at: now)
    switch record.refusal(of: claim, under: subject, at: now) {
    case nil: break
    case .unavailable: preconditionFailure("a record is not unavailable")
    case .limit(let window, let wait):
        precondition(before.contains(window), "a limit that is not told")
        precondition(wait.map { (1...88_200).contains($0) } ?? true, "another time to wait")
        return
    }
    var lease = LimitLease()
    record.take(claim, under: subject, at: now, lease: &lease, leaseSeconds: leaseSeconds)
    for (before, after) in zip(before, record.windows(of: subject, at: now)) {
        let asked =
            switch before.measure {
            case .requestsPerMinute, .requestsPerDay: max(0, claim.requests)
            case .tokensPerMinute, .tokensPerDay: max(0, min(claim.tokens, LimitRecord.maximumReservation))
            case .concurrent: claim.places
            }
        precondition(before.remaining - after.remaining == asked, "another number was counted")
    }
}

/// A limit such as can be configured, or none.
private func limit(_ script: inout ArraySlice<UInt8>) -> Int? {
    let number = number(&script)
    return number % 4 == 0 ? nil : Int(number.magnitude % 1_000_000_000) + 1
}

/// A number of any size: the first byte says how many bytes follow.
private func number(_ script: inout ArraySlice<UInt8>) -> Int {
    let count = (script.popFirst() ?? 0) % 10
    if count == 9 { return -1 }
    var number: UInt64 = 0
    for _ in 0..<count { number = number << 8 | UInt64(script.popFirst() ?? 0) }
    return Int(truncatingIfNeeded: number)
}
