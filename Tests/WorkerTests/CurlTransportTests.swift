import Curl
import Relay
import Testing

@testable import Worker

@Suite struct CurlTransportTests {
    /// Bytes that count how they are read.
    private final class Numbers: ByteSource {
        let count: Int

        init(_ count: Int) {
            self.count = count
        }

        func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8] {
            guard range.upperBound <= count else { throw ByteSourceError() }
            return range.map { UInt8(truncatingIfNeeded: $0) }
        }
    }

    private static func request(_ change: (inout UpstreamRequest) -> Void = { _ in }) -> TransferOptions {
        var request = UpstreamRequest(method: "POST", url: "https://vendor.example/")
        change(&request)
        return TransferOptions(request)
    }

    @Test func `what follows a body is read over the borders of its parts`() throws {
        let parts: [FileContent] = [
            .bytes([200, 201]), .source(Numbers(100), 10..<15), .bytes([]), .bytes([202]),
            .source(Numbers(3), 0..<3),
        ]
        let whole: [UInt8] = [200, 201, 10, 11, 12, 13, 14, 202, 0, 1, 2]
        let source = try #require(BodySource(parts))
        #expect(source.count == whole.count)
        for start in 0...whole.count {
            for end in start...whole.count {
                #expect(source.read(start..<end) == Array(whole[start..<end]), "\(start)..<\(end)")
            }
        }
        #expect(BodySource([]) == nil)
        #expect(Self.request { $0.further = parts }.further?.count == whole.count)
        #expect(Self.request().further == nil)
    }

    @Test func `a part that cannot be read makes the whole unreadable`() throws {
        let source = try #require(BodySource([.bytes([1]), .source(Numbers(3), 0..<4)]))
        #expect(source.read(0..<2) == [1, 0])
        #expect(source.read(0..<5) == nil)
    }

    @Test func `downloads are read in larger pieces than streams, both over HTTP 1`() {
        let stream = Self.request()
        #expect(stream.receiveBufferBytes == 1024 && !stream.usesHTTP2 && stream.maximumBodyBytes == .max)
        let download = Self.request { $0.isDownload = true }
        #expect(download.receiveBufferBytes == 16 << 10 && !download.usesHTTP2)
        #expect(download.maximumBodyBytes == .max)
        let limited = Self.request {
            $0.isDownload = true
            $0.maximumResponseBytes = 7
        }
        #expect(limited.maximumBodyBytes == 7 && !limited.usesHTTP2)
        #expect(Self.request { $0.maximumResponseBytes = 7 }.usesHTTP2)
    }

    @Test func `a client's address has to be public or allowed by the operator`() throws {
        #expect(Self.request().mayConnect == nil)
        let block = try #require(NetworkBlock("127.0.0.2/32"))
        let options = Self.request { $0.reach = .publicAddresses(except: [block]) }
        let mayConnect = try #require(options.mayConnect)
        #expect(mayConnect([8, 8, 8, 8]) && mayConnect([127, 0, 0, 2]))
        #expect(!mayConnect([127, 0, 0, 1]) && !mayConnect([169, 254, 169, 254]))
    }
}
