import EventLoop
import Glibc
import Testing

@testable import Curl

@Suite(.timeLimit(.minutes(1))) struct ConnectionReportTests {
    @Test(arguments: [
        ("SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n", "TLSv1.3"),
        ("SSL connection using TLSv1 / ECDHE-RSA-AES256-SHA", "TLSv1"), ("ALPN: offers h2", nil),
    ])
    func `the version of TLS is found in a remark`(remark: String, version: String?) {
        #expect(ConnectionReport.tlsVersion(inRemark: remark) == version)
    }

    @Test func `a call tells of its connection when it is asked to`() async throws {
        try await withPool { connection in
            while connection.request() != nil {
                connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        } body: { bed in
            var options = TransferOptions(url: bed.url)
            #expect(try await report(of: options, bed) == nil)
            options.isReported = true
            options.method = "OPTIONS"
            let report = try #require(try await report(of: options, bed))
            #expect(report.remoteAddress == "127.0.0.1")
            #expect(report.localAddress == "127.0.0.1")
            #expect(report.httpVersion == "HTTP/1.1")
            #expect(report.tlsVersion == nil && report.certificate.isEmpty && report.verifyResult == 0)
        }
    }

    private func report(of options: TransferOptions, _ bed: PoolBed) async throws -> ConnectionReport? {
        try await bed.run { pool in
            let transfer = pool.start(options)
            while true {
                if case .end = try await transfer.next(silence: nil) { return transfer.report }
            }
        }
    }
}
