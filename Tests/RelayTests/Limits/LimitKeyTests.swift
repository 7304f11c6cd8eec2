import Testing

@testable import Relay

@Suite struct LimitKeyTests {
    @Test(
        arguments: [
            (.caller, .text, "ct"), (.caller, .image, "ci"), (.caller, .audio, "ca"), (.caller, .files, "cf"),
            (.address, .text, "at"), (.address, .image, "ai"), (.address, .audio, "aa"),
            (.address, .files, "af"),
        ] as [(LimitScope, LimitClass, String)])
    func `a key is two letters and 32 digits`(scope: LimitScope, limitClass: LimitClass, letters: String) {
        let key = LimitKey(scope, limitClass, high: 0x0123_4567_89AB_CDEF, low: 0xF)
        #expect(key.text == letters + "0123456789abcdef" + "000000000000000f")
        let last = LimitKey(scope, limitClass, high: .max, low: 1 << 63)
        #expect(last.text == letters + "ffffffffffffffff8000000000000000")
    }
}
