import Dialects
import Synchronization
import Wire

/// Makes one caller's calls to a vendor that move or make files.
///
/// None of them is ever repeated: each may have been paid for.
struct MediaCalls: Sendable {
    /// The vendor.
    let upstream: Upstream
    /// The caller's key.
    let credential: String
    /// The way to the vendor.
    let ports: Ports
    /// What is too large.
    let limits: Configuration.Limits
    /// How what others than the vendor keep is fetched.
    let fetch: Configuration.Fetch
    /// Counts the calls, for the log.
    let count: CallCount

    /// How many calls were started.
    final class CallCount: Sendable {
        private let calls = Atomic(0)
        private let features = Atomic(0)
        /// The number so far.
        var value: Int { calls.load(ordering: .relaxed) }
        /// Whether one of them was of a feature, which is paid for.
        var hasFeature: Bool { features.load(ordering: .relaxed) > 0 }
        /// Counts one.
        func add(isFeature: Bool = false) {
            calls.add(1, ordering: .relaxed)
            if isFeature { features.add(1, ordering: .relaxed) }
        }
    }

    /// The most bytes of an answer that says something rather than being a file.
    private static let maximumRecordBytes = 4 << 20

    /// Starts a call of a feature.
    ///
    /// - Parameter timeout: until its answer.
    func start(feature body: [UInt8], timeout: Duration?) -> any UpstreamCall {
        count.add(isFeature: true)
        return ports.transport.start(featureRequest(body, timeout: timeout))
    }

    /// The request of a call of a feature.
    func featureRequest(_ body: [UInt8], timeout: Duration?) -> UpstreamRequest {
        var request = upstream.request(
            "POST", path: OneMinMediaRecord.path,
            headers: HeaderFields([
                ("content-type", "application/json"), ("accept", "application/json"), ("api-key", credential),
            ]))
        request.body = body
        request.timeouts.firstByte = timeout
        request.timeouts.total = timeout
        request.maximumResponseBytes = Self.maximumRecordBytes + 2 * body.count
        return request
    }

    /// Starts an upload.
    func start(upload content: FileContent, format: MediaFormat, fileName: String?) -> any UpstreamCall {
        let name = OneMinAsset.name(for: format, fileName: fileName)
        let frame = MultipartFile(
            field: OneMinAsset.field, fileName: name.fileName, mediaType: name.mediaType,
            boundary: Identifier.make("", ports.random))
        var request = upstream.request(
            "POST", path: OneMinAsset.uploadPath,
            headers: HeaderFields([
                ("content-type", frame.contentType), ("accept", "application/json"), ("api-key", credential),
            ]))
        request.body = frame.head
        request.further = [content, .bytes(frame.tail)]
        request.timeouts.firstByte = upstream.settings.mediaTimeouts.transfer
        request.timeouts.total = upstream.settings.mediaTimeouts.transfer
        request.maximumResponseBytes = Self.maximumRecordBytes
        count.add()
        return ports.transport.start(request)
    }

    /// Reads an answer to its end.
    ///
    /// - Throws: what the vendor refused it for.
    func body(of call: any UpstreamCall) async throws(ExchangeStop) -> [UInt8] {
        let answer: UpstreamAnswer
        do throws(Failure) {
            answer = try await UpstreamAnswer.collect(call, from: upstream)
        } catch {
            throw Task.isCancelled ? .clientGone : .failure(error)
        }
        guard answer.isSuccess else {
            throw .failure(
                OneMinErrorDecoder.failure(status: answer.status, headers: answer.headers, body: answer.body))
        }
        return answer.body
    }

    /// Reads the record of a call of a feature.
    func record(of call: any UpstreamCall) async throws(ExchangeStop) -> OneMinMediaRecord {
        let body = try await body(of: call)
        do throws(Failure) {
            return try OneMinMediaRecord(body, assetBase: upstream.settings.assetBaseURL.text)
        } catch {
            throw .failure(error)
        }
    }

    /// Starts fetching a file that was made.
    ///
    /// Without the key: it is at another host, as a rule. What the vendor names outside of its own addresses is not
    /// trusted to be on the internet.
    func start(download address: String) -> any UpstreamCall {
        let bases = [upstream.settings.assetBaseURL.text, upstream.settings.baseURL.text]
        let isOwn = bases.contains { address.hasPrefix($0 + "/") }
        let settings = upstream.settings
        var request = UpstreamRequest(
            method: "GET", url: address, headers: HeaderFields([("accept", "*/*")]),
            timeouts: settings.timeouts, proxy: settings.proxy?.revealed(),
            certificateFile: settings.caFile, http2: settings.http2)
        if !isOwn, settings.proxy == nil {
            request.reach = .publicAddresses(except: fetch.networks)
        }
        request.isDownload = true
        request.timeouts.total = settings.mediaTimeouts.transfer
        count.add()
        return ports.transport.start(request)
    }

    /// A file that the caller has stored, and its bytes, which can be read as long as they are kept.
    ///
    /// - Parameter place: the member of the request to blame.
    func open(
        storedFile id: String, at place: String? = nil
    ) async throws(ExchangeStop) -> (file: StoredFile, bytes: any ByteSource) {
        let desk = FileDesk(ports: ports, retention: nil, isAnthropic: false)
        do throws(Failure) {
            return try await desk.content(id, credential: credential, at: place)
        } catch {
            throw .failure(error)
        }
    }
}
