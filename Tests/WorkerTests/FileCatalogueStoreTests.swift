import Glibc
import Relay
import Testing
import TestSupport

@testable import Worker

@Suite(.timeLimit(.minutes(1))) final class FileCatalogueStoreTests {
    let directory: String
    let log = RecordingLog()

    struct Failed: Error {}

    init() throws {
        var template = Array("/tmp/fastrelay-store-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failed() }
        directory = String(cString: made)
    }

    deinit {
        // Directories first made accessible again; the names are those of these tests.
        chmod(directory, 0o700)
        for folder in ["\(directory)/cache", directory] {
            for name in ["list", "list.new", "list.lock", "other"] {
                unlink("\(folder)/\(name)")
                rmdir("\(folder)/\(name)")
            }
            rmdir(folder)
        }
    }

    func store(_ name: String = "cache") -> FileCatalogueStore {
        FileCatalogueStore(directory: "\(directory)/\(name)", log: log)
    }

    func mode(_ name: String) -> UInt32 {
        var status = stat()
        return stat("\(directory)/\(name)", &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `what one store saved another loads, and the last one counts`() async {
        let (one, other) = (store(), store())
        #expect(await other.load("list", maximumBytes: 100) == nil)
        await one.save([1, 2, 3], as: "list")
        #expect(await other.load("list", maximumBytes: 100) == [1, 2, 3])
        let large = [UInt8](repeating: 7, count: 3 << 20)
        await other.save(large, as: "list")
        #expect(await one.load("list", maximumBytes: 3 << 20) == large)
        #expect(await one.load("list", maximumBytes: 3 << 20 - 1) == nil)
        #expect(mode("cache/list") == 0o600 && mode("cache") == 0o700)
        #expect(access("\(directory)/cache/list.new", F_OK) != 0)
    }

    @Test func `readers see a whole list while it is replaced again and again`() async {
        let (one, other) = (store(), store())
        await one.save([UInt8](repeating: 0, count: 20_000), as: "list")
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for value in 1...50 {
                    await one.save([UInt8](repeating: UInt8(value), count: 20_000), as: "list")
                }
            }
            for _ in 0..<200 {
                guard let bytes = await other.load("list", maximumBytes: 1 << 20) else {
                    Issue.record("nothing there")
                    break
                }
                #expect(bytes == [UInt8](repeating: bytes.first ?? 0, count: 20_000))
            }
        }
    }

    @Test func `one store at a time has the claim, and its end ends it`() async {
        let other = store()
        do {
            let one = store()
            #expect(await one.claim("list"))
            #expect(!(await other.claim("list")))
            await one.release("list")
            #expect(await other.claim("list"))
            #expect(!(await one.claim("list")))
            await other.release("list")
            #expect(await one.claim("list"))
        }
        // The thread that made the claim may be the last to let go of the store.
        #expect(await eventually { await other.claim("list") })
        #expect(log.events.isEmpty)
    }

    @Test func `a file that others may write to, a link, a folder and a pipe are not read`() async {
        let store = store(".")
        await store.save([1], as: "list")
        chmod("\(directory)/list", 0o620)
        #expect(await store.load("list", maximumBytes: 9) == nil)
        chmod("\(directory)/list", 0o600)
        #expect(await store.load("list", maximumBytes: 9) == [1])
        symlink("\(directory)/list", "\(directory)/other")
        #expect(await store.load("other", maximumBytes: 9) == nil)
        unlink("\(directory)/other")
        mkdir("\(directory)/other", 0o700)
        #expect(await store.load("other", maximumBytes: 9) == nil)
        rmdir("\(directory)/other")
        mkfifo("\(directory)/other", 0o600)
        #expect(await store.load("other", maximumBytes: 9) == nil)
        #expect(log.events.map(\.message) == ["cache directory cannot be used"])
    }

    @Test func `a directory that cannot be made is told once, and everybody may fetch`() async {
        let store = store("missing/cache")
        for _ in 0..<3 {
            #expect(await store.claim("list"))
            await store.save([1], as: "list")
            #expect(await store.load("list", maximumBytes: 9) == nil)
            await store.release("list")
        }
        #expect(log.events.map(\.message) == ["cache directory cannot be used"])
        #expect(log.events.first?.level == .warning)
    }

    @Test func `a plain file in the place of the directory is told, and harms nothing`() async throws {
        let file = open("\(directory)/other", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        close(file)
        let store = store("other")
        await store.save([1], as: "list")
        #expect(await store.claim("list"))
        #expect(await store.load("list", maximumBytes: 9) == nil)
        #expect(log.events.allSatisfy { $0.message == "cache directory cannot be used" })
        #expect(log.events.count == 3)
    }
}
