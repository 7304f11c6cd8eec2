internal import Glibc
internal import Relay
internal import Synchronization

/// A table of records in memory that processes share. Every call returns at once; nil or false means that others had what
/// it needs for too long, and that nothing has happened.
final class SharedLimitTable: @unchecked Sendable {
    // @unchecked: the bytes of a bucket are touched only by who has its lock, those of locks only by atomic operations.
    /// Where it is.
    let mapping: SharedMapping
    private let layout: LimitTableLayout
    /// Read once: nobody's buckets move while he is at them, whatever happens to the file.
    private let salt: LimitSalt
    private let lock = BucketLock()
    /// The last lock word that was waited for in vain.
    private let known = Atomic<UInt64>(0)

    /// The table in a mapping, which is as long as the layout says. One of this process alone has a salt of its own.
    init(_ mapping: SharedMapping, layout: LimitTableLayout) {
        self.mapping = mapping
        self.layout = layout
        let words = mapping.base + LimitTableLayout.saltOffset
        salt =
            mapping.identity == nil
            ? LimitSalt()
            : LimitSalt(
                low: words.load(as: UInt64.self), high: words.load(fromByteOffset: 8, as: UInt64.self))
    }

    /// Where a key belongs here.
    @inline(__always)
    func place(of key: LimitKey) -> LimitTableLayout.Place { layout.place(of: key, salt: salt) }

    /// Which bucket a key belongs to here, for tests.
    func bucket(of key: LimitKey) -> Int { place(of: key).bucket }

    // MARK: What a store does

    /// Decides a claim of one or two subjects.
    func admit(
        _ claim: LimitClaim, at now: LimitMoment, leases: LimitLeases, leaseSeconds: Int
    ) -> LimitDecision? {
        guard let first = claim.subjects.first else { return .unlimited }
        assert(claim.subjects.count <= 2)
        let one = place(of: first.key)
        guard claim.subjects.count > 1 else {
            return withBucket(one.bucket) {
                decide(claim, one, one, at: now, leases: leases, leaseSeconds: leaseSeconds)
            }
        }
        let other = place(of: claim.subjects[1].key)
        // All take the lower one first, so nobody waits for somebody who waits for him.
        return withBucket(min(one.bucket, other.bucket)) {
            if one.bucket == other.bucket {
                return decide(claim, one, other, at: now, leases: leases, leaseSeconds: leaseSeconds)
            }
            return withBucket(max(one.bucket, other.bucket)) {
                decide(claim, one, other, at: now, leases: leases, leaseSeconds: leaseSeconds)
            } ?? nil
        } ?? nil
    }

    /// Ends what was granted.
    func settle(
        _ settlement: LimitSettlement, at now: LimitMoment, leases: LimitLeases, leaseSeconds: Int
    ) -> Bool {
        let key = settlement.grant.key
        let place = place(of: key)
        return withBucket(place.bucket) { () -> Bool in
            let cell = cell(of: key, place)
            leases.change(key) { lease in
                if let cell {
                    cell.record.pointee.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
                    return cell.seal()
                }
                // It made room for others, or was lost.
                lease.expires = 0
                var record = LimitRecord()
                record.settle(settlement, at: now, lease: &lease, leaseSeconds: leaseSeconds)
                guard settlement.usedTokens > 0 || !lease.isEmpty else { return }
                let cell = make(key, place, at: now)
                cell.record.pointee = record
                cell.seal()
            }
            return true
        } ?? false
    }

    /// Moves what this process holds in a record on.
    ///
    /// - Parameter isNew: whether it was held in another table until now.
    func renew(
        _ key: LimitKey, at now: LimitMoment, leases: LimitLeases, leaseSeconds: Int, isNew: Bool
    ) -> Bool {
        let place = place(of: key)
        return withBucket(place.bucket) { () -> Bool in
            let found = cell(of: key, place)
            leases.change(key) { lease in
                guard !lease.isEmpty else { return }
                // In another record than it was taken in, others have what is held until the same time.
                if isNew || found == nil { lease.expires = 0 }
                let cell = found ?? make(key, place, at: now)
                cell.record.pointee.renew(&lease, at: now, leaseSeconds: leaseSeconds)
                cell.seal()
            }
            return true
        } ?? false
    }

    /// How many cells have a record, for tests.
    var usedCells: Int {
        var used = 0
        for bucket in 0..<layout.callerBuckets + layout.addressBuckets {
            for number in 0..<LimitTableLayout.cellsPerBucket where cell(number, in: bucket).isWhole {
                used += 1
            }
        }
        return used
    }

    // MARK: Locks

    /// The lock of a bucket, for tests.
    func lockWord(of key: LimitKey) -> UnsafePointer<Atomic<UInt64>> {
        word(bucket(of: key))
    }

    private func word(_ bucket: Int) -> UnsafePointer<Atomic<UInt64>> {
        UnsafePointer(
            (mapping.base + layout.offset(ofBucket: bucket)).assumingMemoryBound(to: Atomic<UInt64>.self))
    }

    @inline(__always)
    private func withBucket<Value>(_ bucket: Int, _ body: () -> Value) -> Value? {
        let word = word(bucket)
        guard let mine = lock.take(word, known: known) else { return nil }
        defer { lock.give(word, back: mine) }
        return body()
    }

    // MARK: Under the lock

    /// Room for the windows of two records, as far as most limit anything.
    private static let usualWindows = 6

    /// Decides a claim of subjects that belong in one place and another.
    private func decide(
        _ claim: LimitClaim, _ one: LimitTableLayout.Place, _ other: LimitTableLayout.Place,
        at now: LimitMoment,
        leases: LimitLeases, leaseSeconds: Int
    ) -> LimitDecision {
        let first = claim.subjects[0]
        let second = claim.subjects.count > 1 ? claim.subjects[1] : nil
        let firstCell = cell(of: first.key, one)
        let secondCell = second.flatMap { cell(of: $0.key, other) }

        var decision = LimitDecision()
        decision.refusal = refusal(of: claim, under: first, in: firstCell, at: now)
        if let second {
            let other = refusal(of: claim, under: second, in: secondCell, at: now)
            decision.refusal = .longer(decision.refusal, other)
        }
        decision.windows.reserveCapacity(Self.usualWindows)
        if decision.refusal != nil {
            addWindows(of: first, in: firstCell, at: now, to: &decision)
            if let second { addWindows(of: second, in: secondCell, at: now, to: &decision) }
            return decision
        }
        decision.grants.reserveCapacity(claim.subjects.count)
        func take(_ subject: LimitSubject, _ place: LimitTableLayout.Place, _ found: LimitCell?) {
            let cell = found ?? make(subject.key, place, at: now)
            func count(_ lease: inout LimitLease) {
                // In a record that was lost, others have what is held until the same time.
                if found == nil { lease.expires = 0 }
                cell.record.pointee.take(
                    claim, under: subject, at: now, lease: &lease, leaseSeconds: leaseSeconds)
            }
            if subject.rules.isHeld {
                leases.change(subject.key, count)
            } else {
                var none = LimitLease()
                count(&none)
            }
            decision.grants.append(
                LimitGrant(of: claim, under: subject, countedAt: cell.record.pointee.lastUsed))
            addWindows(of: subject, in: cell, at: now, to: &decision)
        }
        take(first, one, firstCell)
        if let second { take(second, other, secondCell) }
        return decision
    }

    private func refusal(
        of claim: LimitClaim, under subject: LimitSubject, in cell: LimitCell?, at now: LimitMoment
    ) -> LimitDecision.Refusal? {
        // Time moves on in a record when it is looked at, so it is sealed afterwards: by `addWindows`.
        if let cell { return cell.record.pointee.refusal(of: claim, under: subject, at: now) }
        var record = LimitRecord()
        return record.refusal(of: claim, under: subject, at: now)
    }

    /// How the limits stand; the last thing that is done with a cell.
    private func addWindows(
        of subject: LimitSubject, in cell: LimitCell?, at now: LimitMoment, to decision: inout LimitDecision
    ) {
        // Nobody has to make room for who is refused.
        guard let cell else {
            var record = LimitRecord()
            return record.addWindows(of: subject, at: now, to: &decision.windows)
        }
        cell.record.pointee.addWindows(of: subject, at: now, to: &decision.windows)
        cell.seal()
    }

    private func cell(_ number: Int, in bucket: Int) -> LimitCell {
        LimitCell(
            mapping.base + layout.offset(ofCellsIn: bucket) + number &* LimitTableLayout.cellBytes)
    }

    private func marks(of bucket: Int) -> BucketMarks {
        BucketMarks(mapping.base + layout.offset(ofMarksIn: bucket))
    }

    /// The cell that has a key; nil for none.
    private func cell(of key: LimitKey, _ place: LimitTableLayout.Place) -> LimitCell? {
        let found = marks(of: place.bucket).first(place.mark) { cell($0, in: place.bucket).claims(key) }
        return found.map { cell($0, in: place.bucket) }.flatMap { $0.isWhole ? $0 : nil }
    }

    /// An empty cell for a key that has none: one that was never used, else one of some of the bucket: that which is worth
    /// least, and of several such the one that was not used for longest.
    ///
    /// So strangers with a request each push out each other, and not the one whose limit is used up, or who holds something.
    private func make(_ key: LimitKey, _ place: LimitTableLayout.Place, at now: LimitMoment) -> LimitCell {
        let marks = self.marks(of: place.bucket)
        // Its own, if that was damaged: no key may be there twice.
        let number =
            marks.first(place.mark) { cell($0, in: place.bucket).claims(key) }
            ?? marks.first(BucketMarks.unused) { _ in true } ?? leastWorth(in: place, at: now)
        marks.set(number, place.mark)
        let made = cell(number, in: place.bucket)
        made.clear(for: key)
        return made
    }

    /// How many cells are compared: to look at one takes as long as to find a key.
    private static let comparedCells = 8

    private func leastWorth(in place: LimitTableLayout.Place, at now: LimitMoment) -> Int {
        // As good as drawn by chance.
        let start = Int(place.mark / 2)
        var chosen = start % LimitTableLayout.cellsPerBucket
        var least = (weight: Int.max, used: Int.max)
        for offset in 0..<Self.comparedCells {
            let number = (start + offset) % LimitTableLayout.cellsPerBucket
            let cell = cell(number, in: place.bucket)
            var rank = (weight: -1, used: Int.min)
            if cell.isWhole {
                let used = cell.record.pointee.lastUsed
                // Else it was written before the machine was started anew.
                let isPast = used <= now.seconds + LimitRecord.maximumSkew
                rank = isPast ? (cell.record.pointee.weight(at: now), used) : (-1, Int.min + 1)
            }
            if rank < least { (chosen, least) = (number, rank) }
        }
        return chosen
    }
}
