internal import CGI
internal import Relay
internal import Wire

/// A web server's requests, by whichever protocol they come, handed to the relay.
struct WebServerFront: RequestHandler {
    private let relay: CurrentRelay

    /// Takes the relay that answers.
    init(relay: CurrentRelay) {
        self.relay = relay
    }

    func respond(to request: consuming Request, through response: ResponseStream) async {
        // One for the whole exchange, whatever the configuration becomes meanwhile.
        let relay = relay.value
        await relay.answer(begin(consume request, response, relay))
    }

    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) private func begin(
        _ request: consuming Request, _ response: ResponseStream, _ relay: Relay
    ) -> Exchange {
        relay.begin(Self.translate(request), over: CGIResponse(response))
    }

    private static func translate(_ request: borrowing Request) -> ClientRequest {
        var variables = CGIVariables()
        request.parameters.forEach { variables.set($0, $1) }
        return variables.request(
            body: request.body, longBody: request.longBody.map(FileSource.init),
            problem: request.bodyProblem.map(ClientRequest.BodyProblem.init))
    }
}

/// An answer as CGI output: the `Status` and header lines before the body (RFC 3875, section 6).
private final class CGIResponse: ClientResponse {
    private let stream: ResponseStream

    init(_ stream: ResponseStream) {
        self.stream = stream
    }

    func send(head: ResponseHead?, body: [UInt8], isLast: Bool) async throws(ClientGone) {
        do throws(ResponseStream.ClientGone) {
            if let head {
                var bytes = CGIHead.bytes(for: head, roomFor: body.count)
                bytes.append(contentsOf: body)
                try await stream.write(bytes, isLast: isLast)
            } else {
                try await stream.write(body, isLast: isLast)
            }
        } catch {
            throw ClientGone()
        }
    }
}
