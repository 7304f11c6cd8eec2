import EventLoop
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
    @Test func `a task that prefers the loop stays on its thread across suspensions`() async throws {
        try await withLoop { loop in
            let task = Task(executorPreference: loop) { () -> [Bool] in
                var seen = [loop.isCurrent]
                await Task.yield()
                seen.append(loop.isCurrent)
                async let child = Task.yield()
                await child
                seen.append(EventLoop.current === loop)
                return seen
            }
            #expect(await task.value == [true, true, true])
        }
    }

    @Test func `work from many threads all runs, in the order of each thread`() async throws {
        let seen = Mutex<[[Int]]>(Array(repeating: [], count: 8))
        try await withLoop { loop in
            let threads = try (0..<8).map { number in
                try Thread(name: "sender") {
                    for value in 0..<1000 { loop.submit { seen.withLock { $0[number].append(value) } } }
                }
            }
            for thread in threads { thread.join() }
            try await onLoop(loop) {}
        }
        for values in seen.withLock({ $0 }) { #expect(values == Array(0..<1000)) }
    }

    @Test func `timers go off in the order of their deadlines, moved ones at their new place`() async throws {
        let order = Mutex<[Int]>([])
        try await withLoop { loop in
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                loop.submit {
                    let timers = (0..<4).map { number in
                        LoopTimer {
                            order.withLock { $0.append(number) }
                            if number == 3 { continuation.resume() }
                        }
                    }
                    let start = loop.now
                    loop.set(timers[3], deadline: start + 1_000_000)
                    loop.set(timers[1], deadline: start + 2_000_000)
                    loop.set(timers[0], deadline: start + 3_000_000)
                    loop.set(timers[2], deadline: start + 4_000_000)
                    loop.set(timers[3], deadline: start + 6_000_000)
                    loop.set(timers[0], deadline: start)
                    loop.cancel(timers[2])
                    #expect(!timers[2].isArmed && timers[3].armedDeadline == start + 6_000_000)
                }
            }
        }
        #expect(order.withLock { $0 } == [0, 1, 3])
    }

    @Test func `a thousand timers set, moved and cancelled at random fire as a sorted list says`()
        async throws
    {
        let seed = UInt64.random(in: 0...UInt64.max)
        let fired = Mutex<[Int]>([])
        let expected = Mutex<[Int]>([])
        try await withLoop { loop in
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                loop.submit {
                    var random = SplitMix(state: seed)
                    var deadlines = [UInt64](repeating: 0, count: 1000)
                    let timers = (0..<1000).map { number in LoopTimer { fired.withLock { $0.append(number) } }
                    }
                    // Far enough away that none is due before all are set.
                    let start = loop.now + 100_000_000
                    for _ in 0..<5000 {
                        let number = Int(random.next() % 1000)
                        if random.next() % 4 == 0 {
                            loop.cancel(timers[number])
                            deadlines[number] = 0
                        } else {
                            deadlines[number] = start + random.next() % 100_000 * 1000 + UInt64(number)
                            loop.set(timers[number], deadline: deadlines[number])
                        }
                    }
                    expected.withLock {
                        $0 = (0..<1000).filter { deadlines[$0] > 0 }.sorted { deadlines[$0] < deadlines[$1] }
                    }
                    loop.set(LoopTimer { continuation.resume() }, deadline: start + 101_000_000)
                }
            }
        }
        #expect(fired.withLock { $0 } == expected.withLock { $0 }, "seed \(seed)")
    }

    @Test func `a timer that jobs set for now goes off once, when all of them are done`() async throws {
        try await withLoop { loop in
            let seen = LoopNotes(loop)
            let jobs = try await onLoop(loop) {
                ["a", "b", "c"].map { name in
                    Task(executorPreference: loop) {
                        seen.notes.append(name)
                        seen.setTimer()
                        await Task.yield()
                        seen.notes.append(name + " later")
                    }
                }
            }
            for job in jobs { await job.value }
            #expect(
                try await onLoop(loop) { seen.notes }
                    == ["a", "b", "c", "timer", "a later", "b later", "c later"])
        }
    }

    @Test func `a timer that sets itself for now again and again leaves the rest its turn`() async throws {
        try await withLoop { loop in
            let seen = LoopNotes(loop, isAgain: true)
            try await onLoop(loop) { seen.setTimer() }
            // A descriptor's turn, and a job's.
            try await onLoop(loop) {}
            let count = await Task(executorPreference: loop) {
                seen.isAgain = false
                return seen.notes.count
            }.value
            #expect(count > 1 && count < LoopNotes.limit)
        }
    }

    @Test func `a watcher hears of bytes, and nothing any more once it is taken off`() async throws {
        var pair: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        let (near, far) = (pair[0], pair[1])
        defer {
            close(near)
            close(far)
        }
        try await withLoop { loop in
            let watcher = CountingWatcher()
            try await onLoop(loop) { try loop.watch(near, for: [.read, .edgeTriggered], watcher) }
            write(far, "a", 1)
            await watcher.waitForEvents(1)
            try await onLoop(loop) { loop.unwatch(near) }
            write(far, "b", 1)
            try await onLoop(loop) {}
            try await onLoop(loop) {}
            #expect(watcher.count == 1)
        }
    }
}

/// What happened on a loop, and a timer that notes when it goes off. For the loop's thread.
final class LoopNotes: @unchecked Sendable {
    private let loop: EventLoop
    var notes: [String] = []
    /// Whether the timer sets itself for now once more.
    var isAgain: Bool
    private lazy var timer = LoopTimer { [weak self] in
        guard let self else { return }
        notes.append("timer")
        if isAgain, notes.count < Self.limit { setTimer() }
    }

    /// Where a timer that would go on for ever is stopped, for a test that fails rather than hangs.
    static let limit = 1_000_000

    init(_ loop: EventLoop, isAgain: Bool = false) {
        self.loop = loop
        self.isAgain = isAgain
    }

    func setTimer() {
        loop.set(timer, deadline: loop.now)
    }
}

/// A watcher that counts what it hears.
final class CountingWatcher: FileWatcher, Sendable {
    private let state = Mutex((count: 0, waiters: [(Int, CheckedContinuation<Void, Never>)]()))

    var count: Int { state.withLock { $0.count } }

    func fileIsReady(_ what: FileInterest) {
        let ready = state.withLock { state in
            state.count += 1
            let ready = state.waiters.filter { $0.0 <= state.count }
            state.waiters.removeAll { $0.0 <= state.count }
            return ready
        }
        for (_, waiter) in ready { waiter.resume() }
    }

    func waitForEvents(_ number: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.count >= number { return true }
                state.waiters.append((number, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

/// A small generator whose sequence a seed repeats.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
