/// One alarm on a loop, made once and set again as often as needed. For the loop's thread only.
///
/// The loop keeps an armed timer alive, and the timer keeps its action alive: do not capture strongly what
/// owns it.
public final class LoopTimer {
    /// When it goes off, in nanoseconds of the loop's clock. Meaningless while it is not armed.
    fileprivate(set) var deadline: UInt64 = 0
    /// Where it stands in the loop's heap; −1 while it is not armed.
    fileprivate(set) var heapIndex = -1
    /// What happens when it goes off.
    let action: () -> Void

    /// Makes a timer that is not armed.
    public init(_ action: @escaping () -> Void) {
        self.action = action
    }

    /// Whether it will go off.
    public var isArmed: Bool { heapIndex >= 0 }

    /// When it goes off, in nanoseconds of `EventLoop.now`; nil while it is not armed.
    public var armedDeadline: UInt64? { isArmed ? deadline : nil }
}

/// A binary heap of timers, the earliest first; each timer knows its own place, so moving one costs O(log n).
struct TimerHeap {
    private var timers: [LoopTimer] = []

    /// How many are armed.
    var count: Int { timers.count }

    /// The earliest timer.
    var first: LoopTimer? { timers.first }

    /// Arms a timer, or moves one that is armed.
    mutating func set(_ timer: LoopTimer, deadline: UInt64) {
        if timer.heapIndex >= 0 {
            let earlier = deadline < timer.deadline
            timer.deadline = deadline
            if earlier { siftUp(timer.heapIndex) } else { siftDown(timer.heapIndex) }
        } else {
            timer.deadline = deadline
            timer.heapIndex = timers.count
            timers.append(timer)
            siftUp(timer.heapIndex)
        }
    }

    /// Takes a timer out; nothing happens when it is not armed.
    mutating func remove(_ timer: LoopTimer) {
        let index = timer.heapIndex
        guard index >= 0 else { return }
        timer.heapIndex = -1
        let last = timers.removeLast()
        guard last !== timer else { return }
        timers[index] = last
        last.heapIndex = index
        siftUp(index)
        siftDown(last.heapIndex)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let timer = timers[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard timer.deadline < timers[parent].deadline else { break }
            timers[index] = timers[parent]
            timers[index].heapIndex = index
            index = parent
        }
        timers[index] = timer
        timer.heapIndex = index
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let timer = timers[index]
        while true {
            var child = 2 * index + 1
            guard child < timers.count else { break }
            if child + 1 < timers.count, timers[child + 1].deadline < timers[child].deadline { child += 1 }
            guard timers[child].deadline < timer.deadline else { break }
            timers[index] = timers[child]
            timers[index].heapIndex = index
            index = child
        }
        timers[index] = timer
        timer.heapIndex = index
    }
}
