import Glibc
import Relay
import Synchronization
import Testing
import TestSupport

@testable import Worker

/// What happens to the file, and what the counting makes of it.
@Suite(.timeLimit(.minutes(1))) struct SharedLimitFileTests {
    let bed: LimitBed
    let claim = LimitBed.claim(LimitBed.subject(1) { $0.requestsPerDay = 5 })

    init() throws {
        bed = try LimitBed()
    }

    static let header = LimitBed.layout.header(
        createdUnixSeconds: 1_795_219_200, salt: LimitSalt(low: 7, high: 9))

    func bytes() throws -> [UInt8] {
        let file = try #require(fopen(bed.path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: LimitBed.layout.fileBytes + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }

    func write(_ bytes: [UInt8], mode: mode_t = 0o600) throws {
        let file = open(bed.path, O_WRONLY | O_CREAT, mode)
        try #require(file >= 0)
        defer { close(file) }
        try #require(fchmod(file, mode) == 0)
        try #require(bytes.isEmpty || Glibc.write(file, bytes, bytes.count) == bytes.count)
    }

    @Test func `the file is its owner's alone and full of holes`() throws {
        let store = SharedLimitStore(path: bed.path, leaseSeconds: 60, clock: bed.clock, log: bed.log)
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        var status = stat()
        try #require(lstat(bed.path, &status) == 0)
        #expect(status.st_mode == S_IFREG | 0o600)
        #expect(Int(status.st_size) == LimitTableLayout().fileBytes)
        #expect(Int(status.st_blocks) * 512 < 64 << 10)
        // 8192 callers and 4096 addresses, as README says.
        #expect(Int(status.st_size) < 24 << 20)
    }

    @Test func `counts stay when all who counted are gone`() {
        #expect(bed.store().admitAtOnce(claim)?.remaining == 4)
        #expect(bed.store().admitAtOnce(claim)?.remaining == 3)
    }

    @Test func `what was counted and held before the machine was started is not any more`() throws {
        let place = LimitBed.claim(LimitBed.subject(2) { $0.concurrent = 1 }, places: 1)
        let store = bed.store()
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        #expect(store.admitAtOnce(place)?.isGranted == true)
        #expect(bed.store().admitAtOnce(place)?.isGranted == false)
        var content = try bytes()
        let header = LimitBed.layout.header(
            createdUnixSeconds: 1_795_219_200, salt: LimitSalt(low: 7, high: 9),
            boot: BootIdentity(text: "0a1b2c3d-0000-4000-8000-00000000002f"))
        content.replaceSubrange(0..<header.count, with: header)
        try write(content)
        let after = bed.store()
        #expect(after.health.kind == "machine" && bed.log.events.isEmpty)
        #expect(after.admitAtOnce(claim)?.remaining == 4)
        #expect(after.admitAtOnce(place)?.isGranted == true)
    }

    @Test func `a run of the machine is known by its UUID`() {
        let text = "0a1b2c3d-0000-4000-8000-00000000002f\n"
        #expect(
            BootIdentity(text: text).bytes == [10, 27, 44, 61, 0, 0, 64, 0, 128, 0, 0, 0, 0, 0, 0, 47])
        #expect(BootIdentity(text: "").bytes == [UInt8](repeating: 0, count: 16))
        #expect(BootIdentity.current != BootIdentity(text: ""))
    }

    @Test func `a file that is removed or replaced is made anew`() throws {
        let one = bed.store()
        #expect(one.admitAtOnce(claim)?.remaining == 4)
        let place = LimitBed.claim(LimitBed.subject(2) { $0.concurrent = 4 }, places: 1)
        #expect(one.admitAtOnce(place)?.isGranted == true)
        bed.clock.advance(by: .seconds(1))
        let other = bed.store()
        #expect(other.admitAtOnce(place)?.isGranted == true)
        try #require(unlink(bed.path) == 0)
        #expect(one.admitAtOnce(claim)?.remaining == 4)
        bed.clock.advance(by: .seconds(1))
        #expect(other.admitAtOnce(claim)?.remaining == 3)
        // What each held is held there as well, also what both hold until the same time.
        #expect(other.admitAtOnce(place)?.remaining == 1)
        #expect(bed.log.events.map(\.message) == ["limit file was lost", "limit file was lost"])
        #expect(bed.log.events.map(\.level) == [.info, .info])
    }

    @Test func `others that make a file are not waited for`() throws {
        let store = bed.store()
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        let lock = open(bed.path + ".lock", O_RDWR)
        try #require(lock >= 0)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        try #require(unlink(bed.path) == 0)
        bed.clock.advance(by: .seconds(1))
        #expect(store.admitAtOnce(claim)?.remaining == 3)
        #expect(store.health.kind == "machine")
        #expect(bed.log.events.isEmpty)
        try #require(flock(lock, LOCK_UN) == 0)
        bed.clock.advance(by: .seconds(1))
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        #expect(access(bed.path, F_OK) == 0)
        #expect(bed.log.events.map(\.message) == ["limit file was lost"])
    }

    @Test(arguments: [0, 100, 4096 + 64, LimitBed.layout.fileBytes / 2])
    func `a file that is cut short is survived`(length: Int) async throws {
        let path = bed.path
        await #expect(processExitsWith: .success) { [path = path as String, length = length as Int] in
            let (one, other) = (LimitBed.store(path), LimitBed.store(path))
            let claims = (1...200).map { number in
                LimitBed.claim(LimitBed.subject(UInt64(number)) { $0.requestsPerDay = 5 })
            }
            for claim in claims { try #require(one.admitAtOnce(claim)?.isGranted == true) }
            try #require(truncate(path, off_t(length)) == 0)
            for claim in claims { try #require(one.admitAtOnce(claim)?.isGranted == true) }
            for claim in claims { try #require(other.admitAtOnce(claim)?.isGranted == true) }
            try #require(one.health.kind == "machine" && other.health.kind == "machine")
            let last = LimitBed.claim(LimitBed.subject(999) { $0.requestsPerDay = 5 })
            try #require(one.admitAtOnce(last)?.remaining == 4)
            try #require(other.admitAtOnce(last)?.remaining == 3)
        }
        var status = stat()
        #expect(lstat(path, &status) == 0 && Int(status.st_size) == LimitBed.layout.fileBytes)
    }

    @Test func `a bus error elsewhere still ends the process`() async throws {
        let path = bed.path
        await #expect(processExitsWith: .signal(SIGBUS)) { [path = path as String] in
            // A sanitizer has a handler of its own, which ends the process otherwise.
            signal(SIGBUS, SIG_DFL)
            let store = LimitBed.store(path)
            try #require(store.health.kind == "machine")
            let file = open(path + ".other", O_RDWR | O_CREAT, 0o600)
            try #require(ftruncate(file, 8192) == 0)
            let memory = try #require(mmap(nil, 8192, PROT_READ, MAP_SHARED, file, 0))
            try #require(memory != MAP_FAILED && ftruncate(file, 0) == 0)
            print(memory.load(fromByteOffset: 4096, as: UInt8.self))
        }
    }

    @Test func `a bus error that somebody sends is passed on and disarms nothing`() async throws {
        let path = bed.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            signal(SIGBUS) { _ in SharedLimitFileTests.signals.add(1, ordering: .relaxed) }
            let store = LimitBed.store(path)
            let claim = LimitBed.claim(LimitBed.subject(1) { $0.requestsPerDay = 5 })
            try #require(store.admitAtOnce(claim)?.isGranted == true)
            for _ in 0..<3 { try #require(raise(SIGBUS) == 0) }
            try #require(SharedLimitFileTests.signals.load(ordering: .relaxed) == 3)
            try #require(truncate(path, 0) == 0)
            try #require(store.admitAtOnce(claim)?.isGranted == true)
        }
        await #expect(processExitsWith: .signal(SIGBUS)) { [path = path as String] in
            signal(SIGBUS, SIG_DFL)
            let store = LimitBed.store(path)
            try #require(store.health.kind == "machine")
            raise(SIGBUS)
        }
    }

    static let signals = Atomic(0)

    @Test(arguments: [[0x00], [0xFF], [0x01, 0x80, 0x7F], Array(0...250)] as [[UInt8]])
    func `garbage over the whole file costs the counts`(pattern: [UInt8]) async throws {
        let (one, other) = (bed.store(), bed.store())
        let claims = (1...100).map { number in
            LimitBed.claim(LimitBed.subject(UInt64(number)) { $0.requestsPerDay = 5 })
        }
        for claim in claims { #expect(one.admitAtOnce(claim)?.isGranted == true) }
        try write((0..<LimitBed.layout.fileBytes).map { pattern[$0 % pattern.count] })
        for claim in claims {
            // A lock word may by chance look like one that was taken just now.
            #expect(await one.admit(claim).isGranted)
            #expect(await other.admit(claim).isGranted)
        }
        // Who starts then finds no such file, and takes another one.
        let third = bed.store()
        #expect(third.admitAtOnce(claim)?.remaining == 4)
        #expect(access(bed.path + ".bad", F_OK) == 0)
        bed.clock.advance(by: .seconds(1))
        #expect(one.admitAtOnce(claim)?.remaining == 3)
        #expect(other.admitAtOnce(claim)?.remaining == 2)
    }

    @Test func `one wrong byte costs one record`() throws {
        let store = bed.store()
        let other = LimitBed.claim(LimitBed.subject(2) { $0.requestsPerDay = 5 })
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        #expect(store.admitAtOnce(other)?.remaining == 4)
        let offset =
            LimitBed.layout.offset(ofCellsIn: store.currentTable.bucket(of: claim.subjects[0].key))
            + LimitTableLayout.recordOffset
        var content = try bytes()
        content[offset + 100] ^= 4
        try write(content)
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        #expect(store.admitAtOnce(other)?.remaining == 3)
    }

    @Test func `a file of another version stays while it is used`() throws {
        #expect(bed.store().admitAtOnce(claim)?.remaining == 4)
        let first = bed.store()
        let another = SharedLimitStore(
            path: bed.path, leaseSeconds: 6, clock: bed.clock, log: bed.log,
            layout: LimitTableLayout(callerCells: 128, addressCells: 8))
        #expect(another.health.kind == "machine")
        #expect(another.admitAtOnce(claim)?.remaining == 4)
        bed.clock.advance(by: .seconds(1))
        #expect(first.admitAtOnce(claim)?.remaining == 4)
        #expect(first.health.kind == "process")
        #expect(first.health.places.map(\.isUp) == [false])
        bed.clock.advance(by: .seconds(20))
        #expect(first.admitAtOnce(claim)?.remaining == 3)
        #expect(another.admitAtOnce(claim)?.remaining == 3)
        #expect(bed.log.events.map(\.message) == ["limit file cannot be used"])
        try #require(unlink(bed.path) == 0)
        bed.clock.advance(by: .seconds(20))
        #expect(first.admitAtOnce(claim)?.isGranted == true)
        #expect(first.health.kind == "machine")
        #expect(bed.log.events.map(\.message) == ["limit file cannot be used", "limit file is used again"])
    }

    enum Foreign: CaseIterable { case directory, link, pipe, groupWritable, missingDirectory }

    @Test(arguments: Foreign.allCases)
    func `what is no file of ours is not touched`(foreign: Foreign) throws {
        var path = bed.path
        switch foreign {
        case .directory: try #require(mkdir(path, 0o700) == 0)
        case .link:
            try #require(symlink(bed.directory.path("elsewhere"), path) == 0)
        case .pipe: try #require(mkfifo(path, 0o600) == 0)
        case .groupWritable: try write(Self.header, mode: 0o620)
        case .missingDirectory: path = bed.directory.path("a/b/c")
        }
        var before = stat()
        let isThere = lstat(path, &before) == 0
        let store = LimitBed.store(path, clock: bed.clock, log: bed.log)
        #expect(store.admitAtOnce(claim)?.remaining == 4)
        bed.clock.advance(by: .seconds(30))
        #expect(store.admitAtOnce(claim)?.remaining == 3)
        #expect(store.health.kind == "process")
        #expect(store.health.places.map(\.isUp) == [false])
        #expect(bed.log.events.map(\.message) == ["limit file cannot be used"])
        var after = stat()
        #expect((lstat(path, &after) == 0) == isThere)
        #expect(after.st_ino == before.st_ino)
        #expect(access(bed.directory.path("elsewhere"), F_OK) != 0)
        // It heals by itself.
        if isThere { try #require(remove(path) == 0) } else { mkdir(bed.directory.path("a"), 0o700) }
        bed.clock.advance(by: .seconds(30))
        #expect(store.admitAtOnce(claim)?.isGranted == true)
        #expect(store.health.kind == "machine")
        #expect(bed.log.events.last?.message == "limit file is used again")
    }

    @Test func `a cache directory comes before shared memory`() throws {
        var configuration = Configuration()
        let shared = LimitStores.path(configuration)
        #expect(
            shared?.hasPrefix("/dev/shm/fastrelay-\(geteuid())-") ?? (access("/dev/shm", W_OK | X_OK) != 0))
        configuration.cacheDirectory = "/var/cache/fastrelay"
        #expect(LimitStores.path(configuration) == "/var/cache/fastrelay/limits")
        configuration.limits.file = "/run/counts"
        #expect(LimitStores.path(configuration) == "/run/counts")
    }

    @Test func `headers are known by every byte that matters`() {
        let layout = LimitBed.layout
        let header = Self.header
        #expect(header.count == LimitTableLayout.headerBytes)
        #expect(layout.verdict(onHeader: header) == .same)
        #expect(layout.verdict(onHeader: header.dropLast()) == .foreign)
        #expect(LimitTableLayout().verdict(onHeader: header) == .otherVersion)
        for index in 0..<52 {
            var other = header
            other[index] ^= 1
            #expect(layout.verdict(onHeader: other) == (index < 16 ? .foreign : .otherVersion))
        }
    }
}
