import Testing

@testable import Relay

@Suite struct CallerDigestTests {
    /// Computed with Python's `hmac` and a SipHash written in Python: the keys are HMAC-SHA-256 of what is hashed under
    /// the secret. All machines of all versions must agree on them, or their counts come apart.
    @Test func `digests are the same everywhere`() {
        let open = CallerDigest(secret: nil)
        #expect(
            open.digest(ofCredential: "sk-0123456789abcdef")
                == digest(0xf71e_7734_b053_a858, 0x775e_9d6b_6a09_4ebe))
        #expect(
            open.digest(of: ClientAddress("192.0.2.7"))
                == digest(0x0439_5eab_a239_1bdc, 0x9e96_60da_6658_768c))
        #expect(
            open.digest(of: ClientAddress("2001:db8:1:2::9"))
                == digest(0x5b50_192f_cb81_c1c8, 0x8e38_6d3b_f083_7177))
        #expect(
            open.digest(of: ClientAddress("unix:")) == digest(0x6fa1_681c_67e0_5264, 0xc768_3eb8_2d3b_e2b1))
        let own = CallerDigest(secret: Secret("s3cret"))
        #expect(
            own.digest(ofCredential: "sk-0123456789abcdef")
                == digest(0x1550_d474_4d9c_4cf8, 0xb9cf_9de8_2a61_61f4))
        #expect(
            own.digest(of: ClientAddress("192.0.2.7")) == digest(0xa9fe_cfe2_12fc_54b8, 0xb93f_6f1a_dd8e_7c6e)
        )
        #expect(
            own.digest(of: ClientAddress("2001:db8:1:2::9"))
                == digest(0x8221_6629_db85_5387, 0x9b8e_6f15_3754_9318))
        #expect(
            own.digest(of: ClientAddress("unix:")) == digest(0x1ecb_64e3_6387_e263, 0x1c24_ec40_67e3_2b3e))
    }

    @Test func `a credential, an address and a place of the same bytes have nothing in common`() {
        let digests = CallerDigest(secret: nil)
        let text = "abcd"
        let found: Set = [
            digests.digest(ofCredential: text), digests.digest(of: ClientAddress("97.98.99.100")),
            digests.digest(of: ClientAddress(text)),
        ]
        #expect(found.count == 3)
    }

    @Test func `the whole credential counts`() {
        let digests = CallerDigest(secret: nil)
        let long = String(repeating: "k", count: 1024)
        #expect(digests.digest(ofCredential: long + "a") != digests.digest(ofCredential: long + "b"))
        #expect(digests.digest(ofCredential: "") != digests.digest(ofCredential: "\0"))
    }

    @Test func `what is no address is told apart by its first 64 bytes`() {
        let digests = CallerDigest(secret: nil)
        let start = String(repeating: "x", count: 64)
        let whole = digests.digest(of: ClientAddress(start))
        #expect(whole == digest(0x85b3_f1bb_63c0_6bc3, 0xdade_e78b_9bda_a917))
        #expect(whole == digests.digest(of: ClientAddress(start + "a")))
        #expect(whole != digests.digest(of: ClientAddress(String(start.dropLast()))))
        // A character may be cut there.
        #expect(digests.digest(of: ClientAddress("x" + String(repeating: "ж", count: 40))) != whole)
    }

    @Test func `a digest names a record`() {
        let key = LimitKey(.address, .image, digest(1, 2))
        #expect(key == LimitKey(.address, .image, high: 1, low: 2))
    }

    private func digest(_ high: UInt64, _ low: UInt64) -> LimitDigest {
        LimitDigest(high: high, low: low)
    }
}
