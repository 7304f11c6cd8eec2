internal import CCurl

/// Why an upstream call has no answer, or only a part of one.
public struct CurlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it was.
    public enum Code: Sendable, Equatable {
        /// Nobody was reached: name not resolved, connection refused, proxy not reached. Nothing was sent.
        case unreachable
        /// TLS could not be agreed on, or the certificate is not trusted. Nothing was sent.
        case tls
        /// No connection within `TransferOptions.connect`. Nothing was sent.
        case connectTimedOut
        /// No head of an answer within `firstByte`.
        case firstByteTimedOut
        /// Silence longer than `idle` in the middle of an answer.
        case idleTimedOut
        /// Not done within `total`.
        case totalTimedOut
        /// The connection broke after the request was sent.
        case cut
        /// The head or the body of the answer is over its limit.
        case tooLarge
        /// The caller cancelled, or its task was.
        case cancelled
        /// The address is none that `TransferOptions.mayConnect` allows. Nothing was sent.
        case forbiddenAddress
        /// The source of the request's body could not be read.
        case unreadableBody
        /// Options that libcurl refuses, such as a URL it cannot read.
        case badOptions
    }

    /// What kind of trouble it was.
    public let code: Code

    /// One sentence without addresses or secrets.
    public let message: String

    /// libcurl's own number, 0 when the trouble is not libcurl's.
    public let curlCode: Int

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        curlCode = 0
    }

    /// Takes libcurl's code and its fixed sentence for it, which names no host.
    init(_ raw: CURLcode) {
        curlCode = Int(raw.rawValue)
        message = unsafe String(cString: curl_easy_strerror(raw))
        switch raw {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
            CURLE_INTERFACE_FAILED:
            code = .unreachable
        case CURLE_OPERATION_TIMEDOUT:
            // Only the connect time-out is libcurl's; the others are kept by `Transfer`.
            code = .connectTimedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
            code = .tls
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT,
            CURLE_UNKNOWN_OPTION,
            CURLE_NOT_BUILT_IN, CURLE_OUT_OF_MEMORY:
            code = .badOptions
        default:
            code = .cut
        }
    }

    /// Takes libcurl's code at a point of the call where it means something else.
    init(_ raw: CURLcode, isRequestSent: Bool) {
        let error = CurlError(raw)
        switch error.code {
        // libcurl calls an answer that is not HTTP an unsupported protocol.
        case .badOptions where isRequestSent: self = CurlError(.cut, "the answer is not HTTP")
        // Such as a proxy that refuses: nothing of the call has left.
        case .cut where !isRequestSent: self = CurlError(.unreachable, error.message)
        default: self = error
        }
    }

    /// The sentence.
    public var description: String { message }
}
