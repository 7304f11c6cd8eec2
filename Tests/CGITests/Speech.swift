import CGI
import FastCGI
import GatewayTestSupport
import SCGI
import Testing

/// What a test's web server and server speak: both must pass every test of this folder.
enum Speech: String, CaseIterable, CustomTestStringConvertible {
    case fastcgi
    case scgi

    var testDescription: String { rawValue }

    var gateway: any GatewayProtocol {
        switch self {
        case .fastcgi: FastCGIProtocol()
        case .scgi: SCGIProtocol()
        }
    }

    var client: any WebServerClient.Type {
        switch self {
        case .fastcgi: FastCGIClient.self
        case .scgi: SCGIClient.self
        }
    }

    func connect(to bed: ServerBed) throws -> any WebServerClient {
        try client.init(path: bed.path)
    }

    func request(_ pairs: [(String, String)] = [], body: [UInt8] = []) -> [UInt8] {
        client.request(pairs, body: body)
    }

    func head(_ pairs: [(String, String)] = [], announcing bodyBytes: Int) -> [UInt8] {
        client.head(pairs, announcing: bodyBytes)
    }

    func part(_ bytes: [UInt8]) -> [UInt8] { client.part(bytes) }

    var end: [UInt8] { client.end }
}
