import Testing
import Wire

@Suite struct SHA256Tests {
    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values, and the borders of padding.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 55),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
        ),
        (
            String(repeating: "a", count: 64),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
        ),
        (
            String(repeating: "a", count: 1000000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `known messages have known hashes`(message: String, hash: String) {
        #expect(Self.hexadecimal(SHA256.hash(Array(message.utf8))) == hash)
    }

    /// https://www.rfc-editor.org/rfc/rfc4231, test cases 1, 2, 3 and 6.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func `known keys and messages have known codes`(key: [UInt8], message: [UInt8], code: String) {
        #expect(Self.hexadecimal(SHA256.code(for: message, key: key)) == code)
    }

    @Test(arguments: [1, 2, 3, 7, 63, 64, 65, 1000])
    func `pieces of any size give the same hash`(_ size: Int) {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for count in [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000] {
            var hash = SHA256()
            var start = 0
            while start < count {
                let end = min(count, start + size)
                hash.update(message[start..<end].span)
                start = end
            }
            #expect(hash.finish() == SHA256.hash(Array(message.prefix(count))))
        }
    }

    @Test func `a copy goes on by itself`() {
        var first = SHA256()
        first.update(Array("ab".utf8).span)
        let second = first
        first.update(Array("c".utf8).span)
        #expect(first.finish() == SHA256.hash(Array("abc".utf8)))
        #expect(second.finish() == SHA256.hash(Array("ab".utf8)))
    }
}
