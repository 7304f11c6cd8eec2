import GatewayTestSupport
import Glibc
import Testing

@testable import CGI

@Suite(.timeLimit(.minutes(1)))
struct LongBodyTests {
    private static let form = ("CONTENT_TYPE", "multipart/form-data; boundary=x")
    private static let inMemory = ArrivingBody.maximumBytesInMemory

    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    }

    /// A directory of the test's own for as long as `body` runs.
    private static func withDirectory(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/fastrelay-spool.XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { rmdir(directory) }
        try await body(directory)
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    @Test(arguments: Speech.allCases, [100, inMemory, inMemory + 1, 5_000_000])
    func `a form arrives as it was sent, in memory or in a file`(speech: Speech, count: Int) async throws {
        try await Self.withDirectory { directory in
            try await withServer(speaking: speech.gateway, Echo(), limits: .init(spoolDirectory: directory)) {
                bed in
                let client = try speech.connect(to: bed)
                let body = Self.bytes(count)
                client.send(speech.request([Self.form], body: body))
                #expect(try client.output().suffix(body.count + 1).elementsEqual([10] + body))
                #expect(Self.names(in: directory).isEmpty)
            }
        }
    }

    @Test(arguments: Speech.allCases)
    func `only long forms are put into files`(speech: Speech) async throws {
        let handler = BodyPlaces()
        try await withServer(speaking: speech.gateway, handler) { bed in
            for (type, count) in [
                ("multipart/form-data; boundary=x", Self.inMemory),
                ("multipart/form-data; boundary=x", Self.inMemory + 1), (" Multipart/Mixed", 300_000),
                ("application/json", 300_000), ("multipart", 300_000), ("", 300_000),
            ] {
                let client = try speech.connect(to: bed)
                client.send(speech.request([("CONTENT_TYPE", type)], body: Self.bytes(count)))
                _ = try client.answer()
            }
        }
        #expect(
            handler.places == [
                "memory 131072", "file 131073", "file 300000", "memory 300000", "memory 300000",
                "memory 300000",
            ])
    }

    @Test(arguments: Speech.allCases)
    func `many at once do not mix`(speech: Speech) async throws {
        try await withServer(speaking: speech.gateway, Echo()) { bed in
            let clients = try (0..<8).map { _ in try speech.connect(to: bed) }
            for (number, client) in clients.enumerated() {
                client.send(speech.head([Self.form], announcing: 400_000))
                client.send(speech.part([UInt8](repeating: UInt8(65 + number), count: 30_000)))
            }
            for _ in 0..<12 {
                for (number, client) in clients.enumerated() {
                    client.send(speech.part([UInt8](repeating: UInt8(65 + number), count: 30_000)))
                }
            }
            for (number, client) in clients.enumerated() {
                client.send(speech.part([UInt8](repeating: UInt8(65 + number), count: 10_000)) + speech.end)
                let expected = [UInt8](repeating: UInt8(65 + number), count: 400_000)
                #expect(try client.output().suffix(400_001).elementsEqual([10] + expected))
            }
        }
    }

    @Test(arguments: Speech.allCases)
    func `one over the limit is reported, announced or not, and no file stays`(speech: Speech) async throws {
        try await Self.withDirectory { directory in
            try await withServer(
                speaking: speech.gateway, Echo(),
                limits: .init(bodyBytes: 200_000, spoolDirectory: directory)
            ) { bed in
                for (count, end) in [(200_000, "AAA"), (200_001, "tooLarge(limit: 200000)")] {
                    let client = try speech.connect(to: bed)
                    client.send(speech.request([Self.form], body: [UInt8](repeating: 65, count: count)))
                    #expect(try client.answer().hasSuffix(end), "\(count)")
                }
                if speech == .fastcgi {
                    // Only here a body can be longer than was announced.
                    let client = try speech.connect(to: bed)
                    client.send(
                        speech.head([Self.form], announcing: 10)
                            + FastCGIClient.body([UInt8](repeating: 65, count: 300_000)))
                    #expect(try client.answer().hasSuffix("tooLarge(limit: 200000)"))
                }
                #expect(Self.names(in: directory).isEmpty)
            }
        }
    }

    @Test(arguments: Speech.allCases)
    func `without a place for it a long form is read to its end, reported and told`(
        speech: Speech
    ) async throws {
        let reported = Signal()
        try await withServer(
            speaking: speech.gateway, Echo(), limits: .init(spoolDirectory: "/nonexistent/fastrelay"),
            report: { problem in
                guard case .cannotKeepBody(let failure) = problem else { return }
                if failure.description == "mkstemp: No such file or directory" { reported.raise() }
            }
        ) { bed in
            let client = try speech.connect(to: bed)
            client.send(speech.request([Self.form], body: Self.bytes(1_000_000)))
            #expect(try client.answer().hasSuffix("problem notKept"))
            await reported.wait()
            // What fits into memory needs no place.
            let short = try speech.connect(to: bed)
            short.send(speech.request([Self.form], body: [66]))
            #expect(try short.answer().hasSuffix("\nB"))
        }
    }

    @Test(arguments: Speech.allCases)
    func `a client that leaves in the middle leaves no file behind`(speech: Speech) async throws {
        let handler = BodyPlaces()
        try await Self.withDirectory { directory in
            try await withServer(
                speaking: speech.gateway, handler, limits: .init(spoolDirectory: directory)
            ) { bed in
                var client: (any WebServerClient)? = try speech.connect(to: bed)
                client?.send(
                    speech.head([Self.form], announcing: 1_000_000) + speech.part(Self.bytes(60_000))
                        + speech.part(Self.bytes(60_000)) + speech.part(Self.bytes(60_000)))
                client = nil
                #expect(client == nil)
                while handler.places.isEmpty { await Task.yield() }
                #expect(Self.names(in: directory).isEmpty)
            }
        }
        #expect(handler.places == ["brokenOff"])
    }

    // MARK: The file

    @Test func `a file gives back what was put into it, and nothing beyond`() throws {
        let file = try SpoolFile(in: "/tmp")
        #expect(file.count == 0)
        #expect(try file.read(0..<0) == [])
        let bytes = Self.bytes(100_000)
        try file.append(bytes.span.extracting(..<1))
        try file.append(bytes.span.extracting(1...))
        #expect(try file.read(0..<100_000) == bytes)
        #expect(try file.read(99_999..<100_000) == [bytes[99_999]])
        #expect(throws: SpoolFile.Failure.self) { try file.read(99_999..<100_001) }
    }

    @Test func `a full disk is told in the system's words`() throws {
        let file = SpoolFile(descriptor: open("/dev/full", O_RDWR))
        let failure = #expect(throws: SpoolFile.Failure.self) { try file.append(Self.bytes(60_000).span) }
        #expect(failure?.description == "write: No space left on device")
        #expect(file.count == 0)
    }
}
