import Relay
import Synchronization
import TestSupport
import Wire

/// A 1min.ai that takes uploads, makes what it is asked for, and has it fetched.
final class MediaUpstream: Sendable {
    /// What an upload is answered with, by its number; nil for a file that is there.
    private let uploads: @Sendable (Int) -> [FakeCall.Step]?
    /// What a call of a feature is answered with, by its number.
    private let features: @Sendable (Int) -> [FakeCall.Step]
    /// What a GET of an address is answered with.
    private let pages: @Sendable (String) -> [FakeCall.Step]
    private let counts = Mutex((uploads: 0, features: 0))

    init(
        uploads: @escaping @Sendable (Int) -> [FakeCall.Step]? = { _ in nil },
        features: @escaping @Sendable (Int) -> [FakeCall.Step] = { _ in MediaUpstream.record(["images/a.png"])
        },
        pages: @escaping @Sendable (String) -> [FakeCall.Step] = { _ in
            [.head(status: 200), .bytes(MediaUpstream.png), .end]
        }
    ) {
        self.uploads = uploads
        self.features = features
        self.pages = pages
    }

    /// How many uploads were started.
    var uploadCount: Int { counts.withLock { $0.uploads } }
    /// How many calls of features were started.
    var featureCount: Int { counts.withLock { $0.features } }

    /// The script for a request.
    func answer(_ request: UpstreamRequest) -> [FakeCall.Step] {
        if request.url.hasSuffix("/api/assets") {
            let number = counts.withLock { counts in
                counts.uploads += 1
                return counts.uploads
            }
            return uploads(number) ?? Self.asset(number)
        }
        if request.url.hasSuffix("/api/features") {
            let number = counts.withLock { counts in
                counts.features += 1
                return counts.features
            }
            return features(number)
        }
        if request.method == "GET" { return pages(request.url) }
        return FakeCall.Step.whole("I see.")
    }

    /// A harness whose vendor this is.
    func harness(
        _ configuration: Configuration = Configuration(), files: any FileStore = NoFileStore(),
        assets: any AssetCache = NoAssetCache(), clock: ManualClock = ManualClock()
    ) -> Harness {
        Harness(configuration, files: files, assets: assets, clock: clock) { request, _ in
            self.answer(request)
        }
    }

    /// The answer to an upload.
    static func asset(_ number: Int) -> [FakeCall.Step] {
        let path = "images/\(number).png"
        return [
            .head(status: 200),
            .text(
                #"{"asset":{"key":"\#(path)"},"fileContent":{"uuid":"uuid-\#(number)","path":"\#(path)"}}"#),
            .end,
        ]
    }

    /// A request with a form of text fields and one file.
    static func form(
        _ path: String, _ fields: [(String, String)], file: (name: String, fileName: String, bytes: [UInt8]),
        key: String = Harness.key
    ) -> ClientRequest {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        body += "--b\r\nContent-Disposition: form-data; name=\"\(file.name)\"; ".utf8
        body += "filename=\"\(file.fileName)\"\r\n\r\n".utf8
        body += file.bytes + Array("\r\n--b--\r\n".utf8)
        return Harness.request(
            "POST", path, headers: [("authorization", "Bearer \(key)")],
            contentType: "multipart/form-data; boundary=b", body: body)
    }

    /// The answer of a feature with these results.
    static func record(_ results: [String], signed: String? = nil) -> [FakeCall.Step] {
        var record = JSONObject()
        record["status"] = "SUCCESS"
        if let signed { record["temporaryUrl"] = .string(signed) }
        record["aiRecordDetail"] = ["resultObject": .array(results.map { .string($0) })]
        return [.head(status: 200), .bytes((["aiRecord": .object(record)] as JSONValue).serialized()), .end]
    }

    /// The smallest picture.
    static let png: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
        + [0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89]

    /// The same as a data URL; others by bytes behind it.
    static func dataURL(_ extra: [UInt8] = []) -> String {
        var text: [UInt8] = []
        Base64.encode((png + extra).span, into: &text)
        return "data:image/png;base64," + String(decoding: text, as: UTF8.self)
    }
}
