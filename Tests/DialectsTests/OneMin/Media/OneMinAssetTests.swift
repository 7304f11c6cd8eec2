import Dialects
import Testing
import Wire

struct OneMinAssetTests {
    @Test func `the documented answer`() throws {
        let body = #"""
            {"asset":{"fieldname":"asset","originalname":"a.png","size":5,"bucket":"asset.1min.ai",
             "key":"images/2026_a.png","acl":"private","metadata":{"team-id":"t","user-id":"u"}},
             "fileContent":{"uuid":"8a1f","path":"images/2026_a.png","type":"png","name":"a.png"}}
            """#
        let asset = try OneMinAsset(Array(body.utf8))
        #expect(asset.path == "images/2026_a.png" && asset.uuid == "8a1f")
    }

    @Test(
        arguments: [
            (#"{"asset":{"key":"images/a.png"}}"#, "images/a.png", nil),
            (#"{"asset":{"key":"b"},"fileContent":{"path":"","uuid":""}}"#, "b", nil),
            (#"{"fileContent":{"path":"a","uuid":7}}"#, "a", nil),
            (#"{"fileContent":{"path":"a","uuid":"u"}}"#, "a", "u"),
        ] as [(String, String, String?)])
    func `what is there is taken`(_ body: String, _ path: String, _ uuid: String?) throws {
        let asset = try OneMinAsset(Array(body.utf8))
        #expect(asset.path == path && asset.uuid == uuid)
    }

    @Test(arguments: [
        "", "{}", "<html></html>", #"{"fileContent":{"uuid":"u"}}"#, #"{"asset":{"key":"a\nb"}}"#, "[1",
    ]) func `an answer that names no file is a failure`(_ body: String) {
        let failure = #expect(throws: Failure.self) { try OneMinAsset(Array(body.utf8)) }
        #expect(failure?.kind == .upstreamFailed)
    }

    @Test func `a refusal keeps its words`() {
        let body = #"{"errorCode":"UNSUPPORTED_FILE_TYPE","message":"No such type"}"#
        let failure = #expect(throws: Failure.self) { try OneMinAsset(Array(body.utf8)) }
        #expect(failure?.kind == .upstreamRejected)
        #expect(failure?.message == "1min.ai: No such type (UNSUPPORTED_FILE_TYPE)")
    }

    @Test(
        arguments: [
            ("holiday.png", "holiday"), ("holiday.jpeg", "holiday"), ("a b  c.png", "a_b_c"), ("", "file"),
            (nil, "file"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.png", "y"), (".htaccess", "htaccess"),
            ("-rf.png", "rf"), ("a..b.png", "a.b"), ("über", "ber"), ("图片.png", "file"),
            ("x\r\nY: z.png", "x_Y_z"),
            ("a\"b.png", "a_b"), ("tail_.png", "tail"), ("a.tar.gz", "a.tar"), ("/", "file"),
            ("a;b&c", "a_b_c"),
        ] as [(String?, String)])
    func `a name keeps its plain characters`(_ name: String?, _ stem: String) {
        let sent = OneMinAsset.name(for: .png, fileName: name)
        #expect(sent.fileName == stem + ".png" && sent.mediaType == "image/png")
    }

    @Test func `a name is at most 64 characters`() {
        let long = String(repeating: "abc-", count: 1000)
        let sent = OneMinAsset.name(for: .jpeg, fileName: long + ".jpg")
        #expect((62...64).contains(sent.fileName.utf8.count))
        #expect(sent.fileName.hasPrefix("abc-abc") && !sent.fileName.contains("-."))
    }

    @Test(arguments: [
        (MediaFormat.markdown, "README.txt", "text/plain"), (.html, "README.txt", "text/plain"),
        (.opus, "README.ogg", "audio/ogg"),
        (.pdf, "README.pdf", "application/pdf"),
    ])
    func `a type that is refused goes as one that is not`(
        _ format: MediaFormat, _ fileName: String, _ mediaType: String
    ) {
        let sent = OneMinAsset.name(for: format, fileName: "README.md")
        #expect(sent.fileName == fileName && sent.mediaType == mediaType)
    }
}
