internal import Glibc
internal import Synchronization

/// Memory that all processes have which mapped the same file, or that this process has alone.
///
/// It survives that the file is cut short by somebody: pages that are gone are zero from then on, and `isDamaged` is set.
final class SharedMapping: @unchecked Sendable {
    // @unchecked: the address never changes; who uses the bytes sees to it that nobody else does at the same time.
    /// Where it begins; page-aligned.
    let base: UnsafeMutableRawPointer
    /// How long it is, in bytes.
    let count: Int
    /// The file, as long as others may have it as well; nil for memory of this process alone.
    let identity: FileIdentity?
    private let watch: PageFaultWatch.Slot?

    /// Maps an open file, which may be closed after that. `mmap(2)`
    ///
    /// - Returns: nil where the system does not, with the reason in `errno`, or where no more files can be watched.
    init?(file: Int32, identity: FileIdentity, count: Int) {
        let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        guard let watch = PageFaultWatch.watch(memory, count: count) else {
            munmap(memory, count)
            errno = ENOMEM
            return nil
        }
        (base, self.count, self.identity, self.watch) = (memory, count, identity, watch)
    }

    /// Takes memory of this process alone; all of it is zero, and only what is used is really taken.
    init?(count: Int) {
        let memory = mmap(
            nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        (base, self.count, identity, watch) = (memory, count, nil, nil)
    }

    deinit {
        // In this order: another mapping may be given the same address at once.
        if let watch { PageFaultWatch.end(watch) }
        munmap(base, count)
    }

    /// Whether a part of the file was gone when it was used.
    var isDamaged: Bool {
        guard let watch else { return false }
        return watch.pointee.isDamaged.load(ordering: .relaxed)
    }
}

/// Which file a name stood for.
struct FileIdentity: Equatable {
    private let device: UInt
    private let number: UInt

    /// That of a file's status.
    init(_ status: stat) {
        (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
    }
}

/// Puts empty pages where mapped files have lost theirs.
///
/// A process that touches a page beyond the end of a mapped file gets SIGBUS, as it does when the disk has no room for a
/// page that was never written. What systemd's journal does then is done here as well: the handler puts memory of the
/// process's own there, and the instruction is repeated. Any other SIGBUS goes to whoever had it before, also one that
/// somebody sent.
private enum PageFaultWatch {
    /// One watched mapping; where it begins is 0 for none.
    struct Watched: ~Copyable {
        let start = Atomic<UInt>(0)
        let count = Atomic<UInt>(0)
        let isDamaged = Atomic(false)
    }
    typealias Slot = UnsafeMutablePointer<Watched>

    /// How many can be watched at a time: a process has one, and a second one while it changes over. Tests have more.
    static let slotCount = 512

    /// The size of a page, the slots, and who had the signal before. A handler reads these and nothing else.
    struct State: @unchecked Sendable {
        // @unchecked: written before the handler is there, and not after, but for atomics. Never freed.
        let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let slots: Slot
        let former: UnsafeMutablePointer<sigaction>
    }

    private static let state: State = {
        let state = State(slots: .allocate(capacity: slotCount), former: .allocate(capacity: 1))
        for number in 0..<slotCount { (state.slots + number).initialize(to: Watched()) }
        state.former.initialize(to: sigaction())
        return state
    }()

    /// Installs the handler, once. `sigaction(2)`
    private static let install: Void = {
        // Before the handler, which must not be the first to ask for it.
        let former = state.former
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = handler
        action.sa_flags = Int32(SA_SIGINFO | SA_ONSTACK)
        sigaction(SIGBUS, &action, former)
    }()

    /// Calls only what may be called anywhere: atomics, mmap(2), sigaction(2) and raise(3), all plain system calls.
    private static let handler:
        @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?)
            -> Void = { signal, information, context in
                let number = errno
                // `SI_USER` and what is below: nothing was touched, and no instruction is repeated.
                if let information, information.pointee.si_code <= 0 {
                    PageFaultWatch.passOn(signal, information, context)
                } else if !PageFaultWatch.repair(
                    UInt(bitPattern: information?.pointee._sifields._sigfault.si_addr))
                {
                    // The instruction is repeated, and the signal with it.
                    sigaction(SIGBUS, PageFaultWatch.state.former, nil)
                }
                errno = number
            }

    /// Does with a signal that somebody sent what would have been done before. The handler stays.
    private static func passOn(
        _ signal: Int32, _ information: UnsafeMutablePointer<siginfo_t>, _ context: UnsafeMutableRawPointer?
    ) {
        let former = state.former
        let action = former.pointee.__sigaction_handler
        switch unsafeBitCast(action.sa_handler, to: Int.self) {
        case unsafeBitCast(SIG_IGN, to: Int.self): break
        case 0:
            // The default ends the process, when this handler has returned.
            sigaction(signal, former, nil)
            raise(signal)
        default:
            if former.pointee.sa_flags & Int32(SA_SIGINFO) != 0 {
                action.sa_sigaction?(signal, information, context)
            } else {
                action.sa_handler?(signal)
            }
        }
    }

    private static func repair(_ address: UInt) -> Bool {
        let state = state
        var number = 0
        while number < slotCount {
            let slot = state.slots + number
            number += 1
            let start = slot.pointee.start.load(ordering: .acquiring)
            let count = slot.pointee.count.load(ordering: .relaxed)
            guard start != 0, address >= start, address &- start < count else { continue }
            slot.pointee.isDamaged.store(true, ordering: .relaxed)
            let page = UnsafeMutableRawPointer(bitPattern: address & ~(state.pageSize &- 1))
            let memory = mmap(
                page, Int(state.pageSize), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                -1, 0)
            return memory == page
        }
        return false
    }

    private static let registering = Mutex<Void>(())

    /// Begins to watch a mapping; nil when there are too many.
    static func watch(_ memory: UnsafeMutableRawPointer, count: Int) -> Slot? {
        install
        return registering.withLock { _ in
            for number in 0..<slotCount {
                let slot = state.slots + number
                guard slot.pointee.start.load(ordering: .relaxed) == 0 else { continue }
                slot.pointee.isDamaged.store(false, ordering: .relaxed)
                slot.pointee.count.store(UInt(count), ordering: .relaxed)
                slot.pointee.start.store(UInt(bitPattern: memory), ordering: .releasing)
                return slot
            }
            return nil
        }
    }

    /// Ends it.
    static func end(_ slot: Slot) {
        slot.pointee.start.store(0, ordering: .releasing)
    }
}
