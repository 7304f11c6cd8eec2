// Version 2: the version, `head` and its ticks, how many are held, each with its time after `head`, places and tokens; then
// requests and tokens of the minute, requests and tokens of the day: how many slots are not empty, each with its age, its
// count and, of a minute, its end. The number of slots and ages are bytes; all other numbers are LEB128, at most 63 bits.
extension LimitRecord {
    /// The version of what `encoded` writes.
    static let version: UInt8 = 2

    /// The record in few bytes, for a store that keeps bytes: only what is not zero. Begins with a version.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(128)
        encode(to: &bytes)
        return bytes
    }

    /// Writes the record, as `encoded` does, behind other bytes.
    public func encode(to bytes: inout [UInt8]) {
        bytes.append(Self.version)
        // Bytes that were never looked at by an operation may be anything.
        var record = self
        record.head = min(max(record.head, 0), Int64(Self.latest))
        record.holds.forget(at: Int(record.head))
        Self.append(UInt64(record.head), to: &bytes)
        Self.append(UInt64(record.headTicks), to: &bytes)
        let held = (0..<LimitHolds.count).filter {
            record.holds[$0].places > 0 || record.holds[$0].tokens > 0
        }
        bytes.append(UInt8(held.count))
        for index in held {
            Self.append(UInt64(record.holds[index].expires - record.head), to: &bytes)
            Self.append(UInt64(record.holds[index].places), to: &bytes)
            Self.append(UInt64(record.holds[index].tokens), to: &bytes)
        }
        Self.append(record.minuteRequests, to: &bytes)
        Self.append(record.minuteTokens, to: &bytes)
        Self.append(record.dayRequests, to: &bytes)
        Self.append(record.dayTokens, to: &bytes)
    }

    /// Reads what `encoded` wrote; nil for anything else.
    public init?(encoded bytes: Span<UInt8>) {
        self.init()
        guard bytes.count > 0, bytes[0] == Self.version else { return nil }
        var offset = 1
        guard let seen = Self.number(bytes, &offset), seen <= UInt64(Self.latest),
            let ticks = Self.number(bytes, &offset).flatMap({ UInt16(exactly: $0) }),
            let held = Self.byte(bytes, &offset), held <= UInt8(LimitHolds.count)
        else { return nil }
        head = Int64(seen)
        headTicks = ticks
        for index in 0..<Int(held) {
            guard let ahead = Self.number(bytes, &offset),
                (1...UInt64(LimitHolds.maximumSpan)).contains(ahead),
                let places = Self.number(bytes, &offset).flatMap({ UInt32(exactly: $0) }),
                let tokens = Self.number(bytes, &offset).flatMap({ UInt32(exactly: $0) }),
                places > 0 || tokens > 0
            else { return nil }
            holds[index] = LimitHolds.Entry(expires: head + Int64(ahead), places: places, tokens: tokens)
        }
        guard Self.read(&minuteRequests, bytes, &offset), Self.read(&minuteTokens, bytes, &offset),
            Self.read(&dayRequests, bytes, &offset), Self.read(&dayTokens, bytes, &offset),
            offset == bytes.count
        else { return nil }
    }

    private static func append<let count: Int, let seconds: Int, let timed: Int>(
        _ slots: LimitSlots<count, seconds, timed>, to bytes: inout [UInt8]
    ) {
        let place = bytes.count
        bytes.append(0)
        slots.forEachUsed { age, amount, end in
            bytes[place] += 1
            bytes.append(UInt8(age))
            append(UInt64(amount), to: &bytes)
            if timed > 0 { append(UInt64(end), to: &bytes) }
        }
    }

    private static func read<let count: Int, let seconds: Int, let timed: Int>(
        _ slots: inout LimitSlots<count, seconds, timed>, _ bytes: Span<UInt8>, _ offset: inout Int
    ) -> Bool {
        guard let number = byte(bytes, &offset) else { return false }
        var next = 0
        for _ in 0..<number {
            guard let age = byte(bytes, &offset).map({ Int($0) }), age >= next, age < count,
                let amount = Self.number(bytes, &offset).flatMap({ UInt32(exactly: $0) }), amount > 0,
                let end = timed > 0 ? Self.number(bytes, &offset).flatMap({ UInt16(exactly: $0) }) : 0
            else { return false }
            slots.set(age: age, amount: amount, end: end)
            next = age + 1
        }
        return true
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func byte(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// Reads a number in as few bytes as it can be written in.
    private static func number(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = byte(bytes, &offset) else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return byte == 0 && shift > 0 ? nil : number }
        }
        return nil
    }
}
