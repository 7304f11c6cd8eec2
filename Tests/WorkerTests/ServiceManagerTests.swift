import Glibc
import Testing

@testable import Worker

@Suite struct ServiceManagerTests {
    @Test(arguments: [
        (ServiceManager.Message.ready, "READY=1\nSTATUS=Serving"),
        (
            .reloading(at: 1_234_567_890),
            "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=Reading the configuration again"
        ),
        (
            .stopping(within: .seconds(30)),
            "STOPPING=1\nSTATUS=Finishing what runs\nEXTEND_TIMEOUT_USEC=35000000"
        ),
        (.successor(4711), "MAINPID=4711\nREADY=1\nSTATUS=Serving\nWATCHDOG=1"), (.alive, "WATCHDOG=1"),
    ])
    func `messages are lines of names and values`(message: ServiceManager.Message, text: String) {
        #expect(message.text == text)
    }

    @Test func `an address is a path or a name in the abstract namespace`() {
        #expect(ServiceManager.address("/run/systemd/notify") == Array("/run/systemd/notify".utf8))
        #expect(ServiceManager.address("@a/b") == [0] + Array("a/b".utf8))
        for wrong in ["", "/", "@", "vsock:2:1234", "relative", "/" + String(repeating: "x", count: 107)] {
            #expect(ServiceManager.address(wrong) == nil, "\(wrong)")
        }
        #expect(ServiceManager.address("/" + String(repeating: "x", count: 106)) != nil)
    }

    @Test(arguments: [
        (["WATCHDOG_USEC": "30000000"], Duration.seconds(30) as Duration?),
        (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], .seconds(30)),
        (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], nil),
        (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "soon"], nil),
        ([:], nil),
    ])
    func `a watchdog counts when it is meant for this process`(
        variables: [String: String], interval: Duration?
    ) {
        #expect(ServiceManager(variables, processID: 7).watchdogInterval == interval)
    }

    @Test(
        arguments: [
            ([:], PassedSockets.none),
            (["LISTEN_PID": "7"], .none), (["LISTEN_FDS": "1"], .none),
            (["LISTEN_PID": "8", "LISTEN_FDS": "1"], .none), (["LISTEN_PID": "8", "LISTEN_FDS": "2"], .none),
            (["LISTEN_PID": "x", "LISTEN_FDS": "1"], .none),
            (["LISTEN_PID": "7", "LISTEN_FDS": "0"], .none),
            (["LISTEN_PID": "7", "LISTEN_FDS": "1"], .one(3)),
            (["LISTEN_PID": "7", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "fastrelay.socket"], .one(3)),
            (
                ["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"],
                .wrong(
                    "the service manager passed 2 sockets (a, b), but one is served; say which with --listen fd:N"
                )
            ),
            (
                ["LISTEN_PID": "7", "LISTEN_FDS": "2"],
                .wrong(
                    "the service manager passed 2 sockets, but one is served; say which with --listen fd:N")
            ),
            (
                ["LISTEN_PID": "7", "LISTEN_FDS": "-1"],
                .wrong("LISTEN_FDS is “-1”, which is no number of sockets")
            ),
            (
                ["LISTEN_PID": "7", "LISTEN_FDS": "many"],
                .wrong("LISTEN_FDS is “many”, which is no number of sockets")
            ),
        ] as [([String: String], PassedSockets)])
    func `one socket is served when it is meant for this process`(
        variables: [String: String], expected: PassedSockets
    ) {
        #expect(PassedSockets(variables, processID: 7) == expected)
    }
}
