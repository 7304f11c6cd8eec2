import Dialects
import TestSupport
import Testing

@testable import Relay
@testable import Wire

@Suite(.timeLimit(.minutes(1))) struct FileDeskTests {
    let clock = ManualClock()
    let store: MemoryFileStore
    let body = Array("a body with a file in it".utf8)

    init() {
        var limits = FileLimits()
        limits.callerBytes = 20
        limits.callerFiles = 3
        store = MemoryFileStore(clock: clock, limits: limits)
    }

    func desk(
        isAnthropic: Bool = false, retention: Duration? = nil, files: (any FileStore)? = nil
    ) -> FileDesk {
        FileDesk(
            ports: Ports(
                transport: FakeTransport(clock: clock) { _, _ in [.end] }, clock: clock,
                random: SeededRandom(), log: RecordingLog(), files: files ?? store),
            retention: retention, isAnthropic: isAnthropic)
    }

    func form(_ range: Range<Int> = 2..<6, type: String? = nil, name: String = "a.bin") -> MultipartForm {
        var form = MultipartForm()
        form.fields = [MultipartForm.Field(name: "purpose", value: "user_data")]
        form.files = [
            MultipartForm.File(
                name: "file", fileName: name, contentType: type, range: range, prefix: [0, 1, 2, 0xFF])
        ]
        return form
    }

    func save(
        _ desk: FileDesk, _ form: MultipartForm? = nil, for credential: String = "k"
    ) async throws -> JSONValue {
        let body = body
        let answer = try await desk.save(
            form: form ?? self.form(), content: { .source(MemoryBytes(body), $0) }, credential: credential)
        return try JSONValue(parsing: answer.body)
    }

    func answer(
        _ desk: FileDesk, _ method: String = "GET", _ id: String? = nil, query: String = "",
        for credential: String = "k"
    ) async throws -> JSONValue {
        let request = StoredRequest(method: method, query: query, body: [], credential: credential)
        return try JSONValue(parsing: try await desk.answer(request, about: id))
    }

    func failure(_ body: () async throws -> some Any) async -> Failure? {
        await #expect(throws: Failure.self) { _ = try await body() }
    }

    @Test func `a file is saved, found, listed, read and deleted`() async throws {
        let desk = desk()
        let file = try await save(desk)
        let id = try #require(file["id"]?.stringValue)
        #expect(id.hasPrefix("file-") && file["bytes"]?.intValue == 4)
        #expect(file["filename"]?.stringValue == "a.bin" && file["purpose"]?.stringValue == "user_data")
        #expect(try await answer(desk, "GET", id) == file)
        #expect(try await answer(desk)["data"]?.arrayValue == [file])
        let content = try await desk.content(id, credential: "k")
        #expect(try content.bytes.read(0..<4) == Array(body[2..<6]))
        #expect(content.file.hash == SHA256.hash(Array(body[2..<6])))
        for method in ["GET", "HEAD", "DELETE"] {
            let failure = await failure { try await answer(desk, method, id, for: "other") }
            #expect(failure?.kind == .objectNotFound)
        }
        #expect(await failure { try await desk.content(id, credential: "other") }?.kind == .objectNotFound)
        #expect(try await answer(desk, for: "other")["data"]?.arrayValue == [])
        #expect(try await answer(desk, "DELETE", id)["deleted"]?.boolValue == true)
        #expect(await failure { try await answer(desk, "DELETE", id) }?.kind == .objectNotFound)
        #expect(await failure { try await answer(desk, "GET", id) }?.kind == .objectNotFound)
    }

    @Test func `Anthropic's clients are answered in their words`() async throws {
        let desk = desk(isAnthropic: true)
        let file = try await save(desk, form(type: "application/x-thing"))
        let id = try #require(file["id"]?.stringValue)
        #expect(file["type"]?.stringValue == "file" && file["size_bytes"]?.intValue == 4)
        #expect(file["created_at"]?.stringValue == "2026-11-21T00:00:00Z")
        #expect(try await answer(desk, "GET", id) == file)
        #expect(try await answer(desk, "DELETE", id)["type"]?.stringValue == "file_deleted")
        #expect(await failure { try await answer(desk, "GET", id) }?.kind == .objectNotFound)
    }

    @Test func `lists go both ways`() async throws {
        let (openAI, anthropic) = (desk(), desk(isAnthropic: true))
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try #require(try await save(openAI)["id"]?.stringValue)) }
        func list(_ desk: FileDesk, _ query: String) async throws -> ([String], Bool?) {
            let list = try await answer(desk, query: query)
            let files = list["data"]?.arrayValue ?? []
            return (files.compactMap { $0["id"]?.stringValue }, list["has_more"]?.boolValue)
        }
        #expect(try await list(openAI, "") == ([ids[2], ids[1], ids[0]], false))
        #expect(try await list(openAI, "order=asc&limit=2") == ([ids[0], ids[1]], true))
        #expect(try await list(openAI, "order=asc&after=\(ids[1])") == ([ids[2]], false))
        #expect(try await list(openAI, "purpose=vision") == ([], false))
        #expect(try await list(anthropic, "limit=2") == ([ids[2], ids[1]], true))
        #expect(try await list(anthropic, "after_id=\(ids[1])") == ([ids[0]], false))
        #expect(try await list(anthropic, "page=page_\(ids[2])&limit=1") == ([ids[1]], true))
        #expect(try await list(anthropic, "before_id=\(ids[0])") == ([ids[2], ids[1]], false))
        #expect(try await list(anthropic, "before_id=\(ids[0])&limit=1") == ([ids[1]], true))
        #expect(
            try await list(anthropic, "ids%5B%5D=\(ids[0])&ids[]=x&ids[]=\(ids[2])&ids[]=\(ids[0])")
                == ([ids[0], ids[2]], false))
        #expect(try await list(anthropic, "scope_id=session_1") == ([], false))
        let many = (0..<101).map { "ids[]=\($0)" }.joined(separator: "&")
        #expect(await failure { try await list(anthropic, many) }?.parameter == "ids")
        #expect(await failure { try await list(openAI, "after=x") }?.parameter == "after")
        #expect(await failure { try await list(anthropic, "after_id=x") }?.parameter == "after_id")
        #expect(await failure { try await list(anthropic, "before_id=x") }?.parameter == "before_id")
    }

    @Test func `the shorter of both lifetimes holds`() async throws {
        func expires(_ retention: Duration?, _ seconds: String?) async throws -> Int? {
            var form = form()
            if let seconds {
                form.fields += [
                    MultipartForm.Field(name: "expires_after[anchor]", value: "created_at"),
                    MultipartForm.Field(name: "expires_after[seconds]", value: seconds),
                ]
            }
            let file = try await save(desk(retention: retention), form)
            let id = try #require(file["id"]?.stringValue)
            _ = try await answer(desk(), "DELETE", id)
            let created = try #require(file["created_at"]?.intValue)
            return file["expires_at"]?.intValue.map { $0 - created }
        }
        #expect(try await expires(nil, nil) == nil)
        #expect(try await expires(.seconds(5000), nil) == 5000)
        #expect(try await expires(.seconds(5000), "4000") == 4000)
        #expect(try await expires(.seconds(5000), "6000") == 5000)
        #expect(try await expires(nil, "6000") == 6000)
    }

    @Test func `what has no room is told in the client's words`() async throws {
        let large = await failure { try await save(desk(), form(0..<21)) }
        #expect(large?.kind == .requestTooLarge)
        _ = try await save(desk(), form(0..<18))
        let full = await failure { try await save(desk()) }
        #expect(full?.kind == .invalidRequest && full?.code == "storage_limit_exceeded")
        store.error = .unavailable("secret reason")
        let broken = await failure { try await save(desk(), for: "other") }
        #expect(broken?.kind == .overloaded && broken?.message.contains("secret") == false)
        // A body that cannot be read any more.
        store.error = nil
        let cut = await failure { try await save(desk(), form(20..<90), for: "other") }
        #expect(cut?.kind == .overloaded)
        #expect(store.count == 1)
    }

    @Test func `without a store there are no files`() async throws {
        let desk = desk(files: NoFileStore())
        #expect(await failure { try await save(desk) }?.kind == .objectNotFound)
        #expect(await failure { try await answer(desk) }?.kind == .objectNotFound)
        #expect(await failure { try await answer(desk, "DELETE", "file-1") }?.kind == .objectNotFound)
    }

    @Test(arguments: [
        ("application/x-thing", "application/x-thing"), (nil, "application/octet-stream"),
        ("text/plain; charset=x", "application/octet-stream"), ("a/b/c", "application/octet-stream"),
        ("text/html\r\nx: y", "application/octet-stream"), ("", "application/octet-stream"),
    ])
    func `a media type can stand in a header`(given: String?, kept: String) async throws {
        let file = try await save(desk(isAnthropic: true), form(type: given))
        #expect(file["mime_type"]?.stringValue == kept)
    }

    @Test func `a file without a name gets one`() async throws {
        let file = try await save(desk(isAnthropic: true), form(name: ""))
        #expect(file["filename"]?.stringValue == "unnamed")
    }

    @Test func `housekeeping sweeps files`() async throws {
        let relay = Relay(configuration: Configuration(), ports: desk().ports)
        let housekeeping = Task { await relay.run() }
        defer { housekeeping.cancel() }
        // It sleeps between two sweeps; whether it does so already nobody tells.
        let isSwept = await eventually {
            clock.advance(by: .seconds(600))
            return store.sweepCount > 0
        }
        #expect(isSwept)
    }
}
