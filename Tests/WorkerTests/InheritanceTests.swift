import EventLoop
import Testing

@testable import Worker

@Suite struct InheritanceTests {
    @Test(arguments: [
        nil, ListeningSocket.File(path: "/run/x.sock", device: 1, inode: 2),
        ListeningSocket.File(path: "/a path/with spaces ", device: .max, inode: .max),
    ])
    func `what is written is read again`(file: ListeningSocket.File?) throws {
        let text = Inheritance(file: file).text(parent: 7)
        let parts = text.split(separator: "=", maxSplits: 1)
        let variables = [String(parts[0]): String(parts[1])]
        let read = try #require(Inheritance(variables, parent: 7))
        #expect(read.file == file)
        // Left behind in the environment of something else.
        #expect(Inheritance(variables, parent: 8) == nil)
    }

    @Test func `without the variable there is no predecessor`() {
        #expect(Inheritance([:], parent: 7) == nil)
        #expect(Inheritance([Inheritance.variable: ""], parent: 7) == nil)
        #expect(Inheritance([Inheritance.variable: "x 1 2 /a"], parent: 7) == nil)
    }

    @Test(
        arguments: [
            ("ready\n4711\n", 4711), ("ready\n", nil), ("ready\n4711", nil), ("4711\n", nil),
            ("ready\nx\n", nil),
            ("wrong\n4711\n", nil), ("", nil), ("ready\n1\n2\n", nil),
        ] as [(String, Int32?)])
    func `a middle man names a successor that is ready`(text: String, successor: Int32?) {
        #expect(Inheritance.successor(in: text.utf8) == successor)
    }

    @Test func `a middle man is one that was told whom to start by its parent`() {
        let launch = Launch(
            executable: "/x", arguments: [], environment: [Array("\(MiddleMan.variable)=/y".utf8)])
        #expect(MiddleMan(launch, nil) == nil)
        #expect(MiddleMan(launch, Inheritance(file: nil)) != nil)
        let worker = Launch(executable: "/x", arguments: [], environment: [])
        #expect(MiddleMan(worker, Inheritance(file: nil)) == nil)
    }

    @Test func `a successor gets every variable but those meant for its predecessor`() {
        let environment = [
            "PATH=/bin", "LISTEN_FDS=1", "LISTEN_FDSX=1", "NOTIFY_SOCKET=/n", "WATCHDOG_PID=7",
            "WATCHDOG_USEC=1",
            "LISTEN_PID=7", "LISTEN_FDNAMES=a", "FASTRELAY_TAKEOVER=1", "odd", "",
        ].map { Array($0.utf8) }
        let launch = Launch(executable: "/x", arguments: [], environment: environment)
        let left = launch.environment(without: ServiceManager.variables + [Inheritance.variable])
        #expect(
            left.map { String(decoding: $0, as: UTF8.self) } == [
                "PATH=/bin", "LISTEN_FDSX=1", "NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1", "odd", "",
            ])
    }

    @Test func `the executable is found by its own path`() {
        let launch = Launch.current()
        #expect(launch.executable.hasPrefix("/"))
        #expect(!launch.arguments.isEmpty)
        #expect(launch.variables["PATH"] != nil)
    }
}
