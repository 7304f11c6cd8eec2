import Testing

@testable import Worker

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00.000Z"),
        (951_782_399, 999_999_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400, 1_000_000, "2000-02-29T00:00:00.001Z"),
        (951_868_800, 0, "2000-03-01T00:00:00.000Z"),
        (1_795_225_501, 250_000_000, "2026-11-21T01:45:01.250Z"),
        (4_107_542_399, 0, "2100-02-28T23:59:59.000Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
    ])
    func `moments are written as RFC 3339 has them`(seconds: Int, nanoseconds: Int, text: String) {
        #expect(Timestamp.text(seconds: seconds, nanoseconds: nanoseconds) == text)
    }
}
