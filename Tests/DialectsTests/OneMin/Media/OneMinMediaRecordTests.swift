import Dialects
import Testing

struct OneMinMediaRecordTests {
    private static let base = "https://asset.1min.ai"

    private static func read(_ body: String, base: String = base) throws(Failure) -> OneMinMediaRecord {
        try OneMinMediaRecord(Array(body.utf8), assetBase: base)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let body: String
        var files: [[String]] = []
        var text: String?
        var base = OneMinMediaRecordTests.base
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "the signed address serves the first file only",
            body: #"""
                {"aiRecord":{"status":"SUCCESS","temporaryUrl":"https://s3.example/a.png?X-Amz-Expires=604800",
                 "aiRecordDetail":{"resultObject":["images/a.png","images/b.png"]}}}
                """#,
            files: [
                ["https://s3.example/a.png?X-Amz-Expires=604800", "https://asset.1min.ai/images/a.png"],
                ["https://asset.1min.ai/images/b.png"],
            ], text: "images/a.png\nimages/b.png"),
        Case(
            name: "the signed address beside the record",
            body: #"""
                {"aiRecord":{"aiRecordDetail":{"resultObject":["audios/a.mp3"]}},"temporaryUrl":"https://s3.x/a"}
                """#,
            files: [["https://s3.x/a", "https://asset.1min.ai/audios/a.mp3"]], text: "audios/a.mp3"),
        Case(
            name: "an absolute address stays, the signed one is second",
            body: #"""
                {"aiRecord":{"temporaryUrl":"https://s3.x/a","aiRecordDetail":{
                 "resultObject":["https://cdn.example/a b.png","https://cdn.example/a.png"]}}}
                """#,
            files: [["https://s3.x/a"], ["https://cdn.example/a.png"]],
            text: "https://cdn.example/a b.png\nhttps://cdn.example/a.png"),
        Case(
            name: "the same address twice is one",
            body: #"""
                {"aiRecord":{"temporaryUrl":"https://s3.x/a","aiRecordDetail":{"resultObject":"https://s3.x/a"}}}
                """#,
            files: [["https://s3.x/a"]], text: "https://s3.x/a"),
        Case(
            name: "a signed address alone",
            body: #"{"aiRecord":{"temporaryUrl":"https://s3.x/a","aiRecordDetail":{"resultObject":[]}}}"#,
            files: [["https://s3.x/a"]]),
        Case(
            name: "a leading slash and odd characters",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":["/images/ä?#%20%.png"]}}}"#,
            files: [["https://asset.1min.ai/images/%C3%A4%3F%23%20%25.png"]], text: "/images/ä?#%20%.png"),
        Case(
            name: "a path stays on the host",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":["//x.y/a"]}}}"#,
            files: [["https://asset.1min.ai/x.y/a"]], text: "//x.y/a"),
        Case(
            name: "addresses in objects",
            body: #"""
                {"aiRecord":{"aiRecordDetail":{"resultObject":[{"url":"https://x.y/a"},{"path":"b/c","code":1}]}}}
                """#,
            files: [["https://x.y/a"], ["https://asset.1min.ai/b/c"]],
            text: "{\"url\":\"https://x.y/a\"}\n{\"path\":\"b/c\",\"code\":1}"),
        Case(
            name: "a notice among results",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":[{"code":1,"message":"No."},"a/b.png"]}}}"#,
            files: [["https://asset.1min.ai/a/b.png"]], text: "a/b.png"),
        Case(
            name: "a transcript", body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":["Hello there."]}}}"#,
            text: "Hello there."),
        Case(
            name: "a transcript in a string",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":"Hi you"}}}"#,
            text: "Hi you"),
        Case(
            name: "a transcript in an object",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":{"text":"Hi you","segments":[]}}}}"#,
            text: #"{"text":"Hi you","segments":[]}"#),
        Case(
            name: "silence",
            body: #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":[""]}}}"#,
            text: ""),
        Case(
            name: "an http address at the configured base",
            body: #"""
                {"aiRecord":{"temporaryUrl":"http://127.0.0.1:81/s","aiRecordDetail":{
                 "resultObject":["http://127.0.0.1:82/x","http://127.0.0.1:81/y","z/a"]}}}
                """#,
            files: [
                ["http://127.0.0.1:81/s"], ["http://127.0.0.1:81/y"], ["http://127.0.0.1:81/asset/z/a"],
            ], text: "http://127.0.0.1:82/x\nhttp://127.0.0.1:81/y\nz/a", base: "http://127.0.0.1:81/asset"),
    ]

    @Test(arguments: cases) func `a record gives its results`(_ test: Case) throws {
        let record = try Self.read(test.body, base: test.base)
        #expect(record.files.map(\.addresses) == test.files)
        #expect(record.text == test.text)
        #expect(record.usage == nil)
    }

    @Test(arguments: [
        "http://x.y/a", "https://user@x.y/a", "https://x.y\\\\@z/a", "https://", "ftp://x.y/a b",
        "../etc/passwd",
        "a/../b", "https://x.y/\\u0000", "https:/\\/x.y\\n", "images/a.png\\r\\n",
    ]) func `what may not be fetched is no file`(_ word: String) throws {
        let body = #"{"aiRecord":{"aiRecordDetail":{"resultObject":["\#(word)"]}}}"#
        #expect(try Self.read(body).files.isEmpty)
    }

    @Test func `usage is that of the record`() throws {
        let body = #"""
            {"aiRecord":{"metadata":{"inputToken":3,"outputToken":1056,"credit":7.5},
             "aiRecordDetail":{"resultObject":["images/a.png"]}}}
            """#
        #expect(try Self.read(body).usage == Usage(inputTokens: 3, outputTokens: 1056, credits: 7.5))
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let name: String
        let body: String
        let kind: Failure.Kind
        let message: String
        var testDescription: String { name }
    }

    static let refusals = [
        Refusal(
            name: "a filter's notice",
            body:
                #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":{"code":400,"message":"No."}}}}"#,
            kind: .contentFiltered, message: "1min.ai: No."),
        Refusal(
            name: "a filter's notice in a list",
            body: #"{"aiRecord":{"aiRecordDetail":{"resultObject":[{"code":"X","message":"No."}]}}}"#,
            kind: .contentFiltered, message: "1min.ai: No. (X)"),
        Refusal(
            name: "a failed record with its reason",
            body: #"{"aiRecord":{"status":"FAILED","aiRecordDetail":{"resultObject":["It broke"]}}}"#,
            kind: .upstreamFailed, message: "1min.ai: It broke"),
        Refusal(
            name: "a failed record that says nothing", body: #"{"aiRecord":{"status":"FAILED"}}"#,
            kind: .upstreamFailed, message: "1min.ai: the answer is marked as failed"),
        Refusal(
            name: "a failed record with an object",
            body: #"{"aiRecord":{"status":"FAILED","aiRecordDetail":{"resultObject":{"text":"x"}}}}"#,
            kind: .upstreamFailed, message: "1min.ai: the answer is marked as failed"),
        Refusal(
            name: "no result",
            body: #"{"aiRecord":{"status":"SUCCESS","aiRecordDetail":{"resultObject":[]}}}"#,
            kind: .upstreamFailed, message: "1min.ai: the answer has no result."),
        Refusal(
            name: "no detail", body: #"{"aiRecord":{"status":"SUCCESS"}}"#, kind: .upstreamFailed,
            message: "1min.ai: the answer has no result."),
        Refusal(
            name: "an error with status 200",
            body: #"{"success":false,"error":{"code":"RATE_LIMITED","message":"Slow down"}}"#,
            kind: .rateLimited, message: "1min.ai: Slow down (RATE_LIMITED)"),
        Refusal(
            name: "the answer that the documentation shows", body: "{}", kind: .upstreamFailed,
            message: "1min.ai: the answer has no aiRecord"),
        Refusal(name: "nothing", body: "", kind: .upstreamFailed, message: "1min.ai: the answer is empty"),
    ]

    @Test(arguments: refusals) func `a record that failed is a failure`(_ test: Refusal) {
        let failure = #expect(throws: Failure.self) { try Self.read(test.body) }
        #expect(failure?.kind == test.kind)
        #expect(failure?.message == test.message)
        #expect(failure?.upstreamStatus == 200 || test.name.hasPrefix("no "))
    }

    @Test func `any beginning of an answer is a failure and never crashes`() {
        let body = Array(Self.cases[0].body.utf8)
        for count in 0..<body.count {
            #expect(throws: Failure.self) {
                try OneMinMediaRecord(Array(body.prefix(count)), assetBase: Self.base)
            }
        }
    }
}
