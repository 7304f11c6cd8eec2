import Relay
import Testing

@testable import Worker

/// Who wrote a record, as bytes.
struct StampedRecordTests {
    private static func record(_ stamps: [UInt64]) -> StampedRecord {
        var record = StampedRecord()
        for stamp in stamps.reversed() { record.add(stamp: stamp) }
        return record
    }

    private static func read(_ bytes: [UInt8]) -> StampedRecord? { StampedRecord(bytes.span) }

    @Test(arguments: [[], [0], [.max, 1], Array(1...8)] as [[UInt64]])
    func `what is written is read`(stamps: [UInt64]) throws {
        let bytes = Self.record(stamps).bytes
        let read = try #require(Self.read(bytes))
        #expect(stamps.allSatisfy(read.has) && read.bytes == bytes && !read.has(stamp: 99))
        // Nothing less, and nothing more.
        for count in bytes.indices { #expect(Self.read(Array(bytes.prefix(count))) == nil) }
        #expect(Self.read(bytes + [0]) == nil)
    }

    @Test func `the latest are kept`() {
        let record = Self.record(Array(1...20))
        #expect((1...20).map { record.has(stamp: $0) } == (1...20).map { $0 <= 8 })
    }

    @Test(arguments: [[], [9] + [UInt8](repeating: 0, count: 200), [255], [0], [1, 2]] as [[UInt8]])
    func `anything else is not a record`(bytes: [UInt8]) {
        #expect(Self.read(bytes) == nil)
    }
}
