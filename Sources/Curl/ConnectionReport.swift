internal import CCurl

/// What a call showed of its connection, for whoever wants to judge the other side. See `TransferOptions.isReported`.
public struct ConnectionReport: Sendable, Equatable {
    /// The address that was reached, or tried last; empty when no name could be resolved.
    public var remoteAddress = ""
    /// This side's address.
    public var localAddress = ""
    /// Such as `HTTP/2`; nil before an answer.
    public var httpVersion: String?
    /// Such as `TLSv1.3`; nil without TLS, or on a connection that an earlier call had opened.
    public var tlsVersion: String?
    /// OpenSSL's number for what is wrong with the certificate, 0 for nothing. `X509_V_ERR_…` in `x509_vfy.h`
    public var verifyResult = 0
    /// The names and values of the server's own certificate, as libcurl words them (`Subject`, `Issuer`,
    /// `Start date`, `Expire date`, …); empty as `tlsVersion` is.
    public var certificate: [(name: String, value: String)] = []

    /// An empty report.
    public init() {}

    /// Whether both tell the same.
    public static func == (left: ConnectionReport, right: ConnectionReport) -> Bool {
        left.remoteAddress == right.remoteAddress && left.localAddress == right.localAddress
            && left.httpVersion == right.httpVersion && left.tlsVersion == right.tlsVersion
            && left.verifyResult == right.verifyResult
            && left.certificate.elementsEqual(right.certificate) { $0 == $1 }
    }

    /// The most lines of a certificate that are looked at: it is the other side's.
    private static let maximumLines = 200
    /// The longest line of a certificate that is kept, in bytes.
    private static let maximumLineBytes = 1024

    /// Adds what libcurl knows of a call at its end, before it is reset.
    mutating func complete(by easy: UnsafeMutableRawPointer) {
        unsafe remoteAddress = Self.string(easy, CURLINFO_PRIMARY_IP)
        unsafe localAddress = Self.string(easy, CURLINFO_LOCAL_IP)
        switch unsafe Self.long(easy, CURLINFO_HTTP_VERSION) {
        case Int(CURL_HTTP_VERSION_1_0): httpVersion = "HTTP/1.0"
        case Int(CURL_HTTP_VERSION_1_1): httpVersion = "HTTP/1.1"
        case Int(CURL_HTTP_VERSION_2_0): httpVersion = "HTTP/2"
        case Int(CURL_HTTP_VERSION_3): httpVersion = "HTTP/3"
        default: break
        }
        unsafe verifyResult = Self.long(easy, CURLINFO_SSL_VERIFYRESULT)
        var pointer: UnsafeMutableRawPointer?
        unsafe fr_easy_get_pointer(easy, CURLINFO_CERTINFO, &pointer)
        guard let chain = unsafe pointer?.assumingMemoryBound(to: curl_certinfo.self).pointee,
            unsafe chain.num_of_certs > 0
        else { return }
        // The first is the server's own.
        var line = unsafe chain.certinfo[0]
        while let entry = unsafe line, certificate.count < Self.maximumLines {
            if let data = unsafe entry.pointee.data {
                let text = unsafe String(cString: data)
                if text.utf8.count <= Self.maximumLineBytes, let colon = text.firstIndex(of: ":") {
                    certificate.append((String(text[..<colon]), String(text[text.index(after: colon)...])))
                }
            }
            unsafe line = entry.pointee.next
        }
    }

    private static func string(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> String {
        var pointer: UnsafeMutableRawPointer?
        unsafe fr_easy_get_pointer(easy, info, &pointer)
        guard let text = unsafe pointer else { return "" }
        return unsafe String(cString: text.assumingMemoryBound(to: CChar.self))
    }

    private static func long(_ easy: UnsafeMutableRawPointer, _ info: CURLINFO) -> Int {
        var value = 0
        unsafe fr_easy_get_long(easy, info, &value)
        return value
    }

    /// The version in libcurl's remark about a handshake, `SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384`: the
    /// only place where it tells without the TLS library's own header.
    static func tlsVersion(inRemark remark: String) -> String? {
        guard remark.hasPrefix(remarkPrefix) else { return nil }
        return String(remark.dropFirst(remarkPrefix.count).prefix { !$0.isWhitespace })
    }

    private static let remarkPrefix = "SSL connection using "
}
