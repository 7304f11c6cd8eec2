import Dialects
import Wire

/// Fetches what a request names by its address.
///
/// Only `https`, and only from addresses of the internet (or networks that the operator allows), looked at again at each
/// redirect; within a size and a time.
struct AddressFetch: Sendable {
    /// The limits.
    let settings: Configuration.Fetch
    /// The way there, and the time.
    let ports: Ports

    /// More redirects than this are not followed.
    private static let maximumRedirects = 5
    /// Longer addresses are refused, in bytes.
    private static let maximumAddressBytes = 8192
    private static let redirects = [301, 302, 303, 307, 308]

    /// The bytes behind an address.
    ///
    /// - Parameters:
    ///   - place: the member of the request to blame.
    ///   - room: how many bytes there may be beside the limit for each file.
    ///   - noRoom: what to say when there are more than `room`.
    func bytes(
        at address: String, _ place: String?, room: Int, noRoom: Failure
    ) async throws(ExchangeStop) -> [UInt8] {
        let deadline = ports.clock.now() + settings.timeout
        guard var url = WebAddress(address), address.utf8.count <= Self.maximumAddressBytes else {
            throw .failure(refusal("It has to be a data URL or an https address.", place))
        }
        for _ in 0...Self.maximumRedirects {
            let answer: UpstreamAnswer
            let call = start(url, room: room, within: deadline - ports.clock.now())
            defer { call.cancel() }
            answer = try await collect(call, place, room < settings.maximumBytes ? noRoom : nil)
            if answer.isSuccess { return answer.body }
            guard Self.redirects.contains(answer.status), let location = answer.headers["location"] else {
                throw .failure(refusal("The server there answered with status \(answer.status).", place))
            }
            guard let next = url.following(location), location.utf8.count <= Self.maximumAddressBytes else {
                throw .failure(refusal("The server there redirects to something else than https.", place))
            }
            url = next
        }
        throw .failure(refusal("The server there redirects too often.", place))
    }

    private func start(_ url: WebAddress, room: Int, within time: Duration) -> any UpstreamCall {
        var request = UpstreamRequest(
            method: "GET", url: url.text,
            headers: HeaderFields([("accept", "*/*"), ("user-agent", "fastrelay")]),
            proxy: "", certificateFile: settings.caFile,
            maximumResponseBytes: min(settings.maximumBytes, room))
        request.reach = .publicAddresses(except: settings.networks)
        let time = max(time, .milliseconds(1))
        request.timeouts = Timeouts(
            connect: min(time, .seconds(10)), firstByte: time, firstEvent: nil, idle: time, total: time)
        request.isDownload = true
        return ports.transport.start(request)
    }

    private func collect(
        _ call: any UpstreamCall, _ place: String?, _ noRoom: Failure?
    ) async throws(ExchangeStop) -> UpstreamAnswer {
        var answer = UpstreamAnswer()
        while true {
            let event: UpstreamEvent
            do throws(UpstreamError) {
                event = try await call.next(silence: nil)
            } catch {
                if error.kind == .cancelled, Task.isCancelled { throw .clientGone }
                if error.kind == .tooLarge, let noRoom { throw .failure(noRoom) }
                throw .failure(refusal(reason(error), place))
            }
            switch event {
            case .head(let status, let headers):
                answer.status = status
                answer.headers = headers
                // Nothing of what a redirect or an error says is of use.
                if !answer.isSuccess { return answer }
            case .bytes(let bytes): answer.append(bytes)
            case .silence: break
            case .end: return answer
            }
        }
    }

    private func reason(_ error: UpstreamError) -> String {
        switch error.kind {
        case .forbiddenAddress: "This relay does not fetch from there."
        case .tooLarge: "It has more than \(settings.maximumBytes) bytes."
        case .timedOut: "The server there did not answer in time."
        case .tls: "No secure connection could be made."
        default: "The server there cannot be reached."
        }
    }

    private func refusal(_ reason: String, _ place: String?) -> Failure {
        Failure(
            .invalidRequest, "The file at this address cannot be fetched. \(reason)", parameter: place,
            code: "invalid_file_url")
    }
}
