import Doctor
import Relay
import Testing

@testable import Worker

@Suite struct CommandTests {
    @Test func `options stand behind their command in either form`() throws {
        let command = try Command([
            "serve", "--config", "a.json5", "--listen=tcp:127.0.0.1:9000", "--protocol", "scgi",
        ])
        var options = Command.Options()
        options.configuration = "a.json5"
        options.listen = .tcp(host: "127.0.0.1", port: 9000)
        options.wireProtocol = .scgi
        #expect(command == .serve(options))
        #expect(try Command(["cgi"]) == .cgi(Command.Options()))
        #expect(try Command(["check"]) == .check(Command.Options()))
        #expect(try Command(["--version"]) == .version)
        #expect(try Command(["--help"]) == .help)
    }

    @Test func `count takes files among its options, and standard input without any`() throws {
        guard case .count(let none) = try Command(["count"]) else { throw Failed() }
        #expect(none == (try CountOptions([])) && none.files == ["-"] && none.model == nil && !none.isJSON)
        guard
            case .count(let some) = try Command([
                "count", "a", "--model", "gpt-4", "-", "--json", "--text", "--", "--model",
            ])
        else { throw Failed() }
        #expect(some.files == ["a", "-", "--model"])
        #expect(some.model == "gpt-4" && some.isJSON && some.isText)
        #expect(try CountOptions(["--model=gpt-5"]).model == "gpt-5")
    }

    @Test func `doctor takes one URL among its options`() throws {
        guard
            case .doctor(let options) = try Command([
                "doctor", "--json", "https://a.example/v1", "--key=k", "--quick", "--ca", "ca.pem",
                "--origin",
                "https://page.example", "--wait", "110",
            ])
        else { throw Failed() }
        let examination = options.examination
        #expect(examination.url.base == "https://a.example/v1")
        #expect(examination.key == Secret("k") && options.isJSON && examination.isQuick)
        #expect(examination.certificateFile == "ca.pem" && examination.waitSeconds == 110)
        #expect(examination.origin == "https://page.example")
        let plain = try DoctorOptions(["http://a"])
        #expect(plain.examination.key == nil && !plain.isJSON && !plain.examination.isQuick)
        #expect(plain.examination.waitSeconds == 65)
    }

    private struct Failed: Error {}

    @Test(arguments: [
        ([], "no command given"),
        (["run"], "unknown command “run”"),
        (["check", "--listen", "fd:0"], "unknown option “--listen” for check"),
        (["cgi", "--protocol", "fastcgi"], "unknown option “--protocol” for cgi"),
        (["serve", "--config"], "--config needs a value"),
        (["serve", "--config="], "--config needs a value"),
        (["serve", "--listen", "here"], "--listen here: an address is unix:PATH, tcp:HOST:PORT or fd:N"),
        (["serve", "--protocol", "http"], "--protocol http: expected fastcgi or scgi"),
        (["serve", "extra"], "unknown option “extra” for serve"),
        (["count", "--model"], "--model needs a value"),
        (["count", "--model="], "--model needs a value"),
        (["count", "--json=yes"], "unknown option “--json” for count"),
        (["count", "a", "-x"], "unknown option “-x” for count"),
        (["doctor"], "doctor needs a URL"),
        (["doctor", "https://a", "https://b"], "doctor takes one URL"),
        (["doctor", "a"], "the URL has to begin with https:// or http://"),
        (["doctor", "https://a", "--key"], "--key needs a value"),
        (["doctor", "https://a", "--quick=1"], "unknown option “--quick” for doctor"),
        (["doctor", "https://a", "--wait", "0"], "--wait takes 1 to 120 seconds"),
        (
            ["doctor", "https://a", "--key", "se cret"],
            "the key of --key has spaces or characters beyond ASCII, or is too long"
        ),
        (
            ["doctor", "https://a", "--origin", "https://b/c"],
            "--origin takes scheme, host and port, such as https://chat.example.org"
        ),
    ])
    func `wrong usage is said in one line and ends with 64`(arguments: [String], message: String) throws {
        let reason = try #require(throws: ExitReason.self) { try Command(arguments) }
        #expect(reason.code == .usage)
        #expect(reason.message == message + "; see fastrelay --help")
        #expect(ExitCode.usage.rawValue == 64)
    }
}
