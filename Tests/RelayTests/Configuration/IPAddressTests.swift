import Glibc
import Testing
import TestSupport

@testable import Relay

@Suite struct IPAddressTests {
    /// Addresses in many spellings, and what a few changed bytes make of them.
    @Test func `it reads what the system's own function reads`() {
        let random = SeededRandom(seed: 7)
        func below(_ bound: Int) -> Int { Int(random.nextUInt64() % UInt64(bound)) }
        let seeds = [
            "192.0.2.7", "255.255.255.255", "2001:db8:1:2:3:4:5:6", "::", "::1", "1::", "1:2:3:4:5:6:7::",
            "fe80::1:2",
            "::ffff:10.1.2.3", "1:2:3:4:5:6:1.2.3.4", "1::2:3:4:5:6:7",
        ]
        let alphabet = Array("0123456789abcfF:::..g%".utf8)
        var read = 0
        for _ in 0..<100_000 {
            var text = Array(seeds[below(seeds.count)].utf8)
            for _ in 0..<below(4) {
                let index = below(text.count)
                switch below(3) {
                case 0: text[index] = alphabet[below(alphabet.count)]
                case 1: text.insert(alphabet[below(alphabet.count)], at: index)
                default: if text.count > 1 { text.remove(at: index) }
                }
            }
            let (expected, shown) = (Self.system(text), String(decoding: text, as: UTF8.self))
            let found = IPAddress(text.span)?.bytes
            #expect(found == expected, "\(shown)")
            if expected != nil { read += 1 }
        }
        #expect((20_000...80_000).contains(read))
    }

    @Test func `its bytes are in order`() throws {
        let long = try #require(Self.address("1:203:405:607:809:a0b:c0d:e0f"))
        #expect(long.bytes == [0, 1] + Array(2...15))
        #expect(long[0] == 0 && long[15] == 15)
        let short = try #require(Self.address("1.2.3.4"))
        #expect(short.bytes == [1, 2, 3, 4])
        #expect(long != short)
        #expect(Self.address("::1.2.3.4") != short)
        #expect(Self.address("::ffff:1.2.3.4")?.unmapped == short)
        #expect(Self.address("64:ff9b::1.2.3.4")?.untranslated == short)
    }

    // A macro cannot have a span in its expression.
    private static func address(_ text: String) -> IPAddress? {
        IPAddress(text.utf8.span)
    }

    /// `inet_pton`
    private static func system(_ text: [UInt8]) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isLong = text.contains(UInt8(ascii: ":"))
        let code = inet_pton(isLong ? AF_INET6 : AF_INET, String(decoding: text, as: UTF8.self), &bytes)
        return code == 1 ? Array(bytes.prefix(isLong ? 16 : 4)) : nil
    }
}
