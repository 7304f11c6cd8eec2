import Curl
import Wire

@testable import Doctor

/// A deployment at which nothing is wrong, for tests to spoil.
extension Observations {
    static func right(_ url: String = "https://relay.example.org/v1") throws -> Observations {
        var first = Reply.json(
            #"""
            {"object":"relay.request","relay":"fastrelay","version":"1.2.3","client_address":"198.51.100.9",
             "scheme":"https","host":"relay.example.org","mount":"","path":"/v1/health/request",
             "protocol":"HTTP/2.0","authorization":true,"x_api_key":true,"forwarded_by":[]}
            """#, headers: [("server", "nginx"), ("x-request-id", Doctor.requestID)])
        first.connection.remoteAddress = "203.0.113.7"
        first.connection.localAddress = "192.168.1.20"
        first.connection.httpVersion = "HTTP/2"
        first.connection.tlsVersion = "TLSv1.3"
        first.connection.certificate = [("Subject", "CN = x"), ("Expire date", "Jan  1 00:00:00 2027 GMT")]
        var seen = Observations(url: try DeploymentURL(parsing: url), first: first)
        // 2026-11-21
        seen.now = 1_795_219_200
        seen.hasKey = true
        seen.oldTLS = Reply.failed(.tls, 35)
        seen.clear = Reply.failed(.unreachable, 7)
        seen.health = .json(#"{"status":"ok"}"#)
        seen.preflight = .json(
            "", status: 204,
            headers: [
                ("access-control-allow-origin", "*"),
                ("access-control-allow-headers", "Authorization, content-type,x-stainless-lang"),
            ])
        seen.refused = .json(
            #"{"error":{"message":"no","code":"missing_api_key"}}"#, status: 401,
            headers: [("access-control-allow-origin", "*")])
        seen.key = .json(#"{"accepted":true,"message":""}"#)
        seen.bodies = [(4 << 20, .json(#"{"bytes":4194304}"#))]
        seen.stream = .stream(arrivals: (0..<10).map { 50 + 200 * $0 })
        seen.compressed = seen.stream
        seen.wait = .json(#"{"object":"relay.wait","seconds":65}"#)
        seen.silence = .json(": waiting\n\ndata: {\"object\":\"relay.wait\",\"seconds\":65}\n\n")
        return seen
    }
}

extension Reply {
    static func json(_ body: String, status: Int = 200, headers: [(String, String)] = []) -> Reply {
        var reply = Reply()
        reply.status = status
        reply.headers = HeaderFields(headers)
        if !body.isEmpty { reply.pieces = [Piece(time: .milliseconds(1), bytes: Array(body.utf8))] }
        return reply
    }

    static func failed(_ code: CurlError.Code, _ curlCode: Int = 0) -> Reply {
        var reply = Reply()
        reply.trouble = Trouble(code: code, message: "it failed", curlCode: curlCode)
        return reply
    }

    /// Ten events, sent 200 ms apart, arriving at these times in milliseconds.
    static func stream(arrivals: [Int], headers: [(String, String)] = []) -> Reply {
        var reply = Reply.json("", headers: headers)
        for (index, time) in arrivals.enumerated() {
            let event = "data: {\"event\":\(index + 1),\"of\":10,\"after_us\":\(index * 200_000)}\n\n"
            reply.pieces.append(Piece(time: .milliseconds(time), bytes: Array(event.utf8)))
        }
        return reply
    }
}
