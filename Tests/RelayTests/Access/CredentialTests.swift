import Dialects
import Testing
import TestSupport
import Wire

@testable import Relay

@Suite struct CredentialTests {
    @Test(arguments: [
        [("authorization", "Bearer k")], [("authorization", "bearer k")], [("authorization", "BEARER   k  ")],
        [("authorization", " Bearer\tk")], [("x-api-key", " k ")],
        [("authorization", "Basic dTpw"), ("x-api-key", "k")],
        [("authorization", "Bearer "), ("x-api-key", "k")],
        [("authorization", "Bearer k"), ("x-api-key", "other")],
    ])
    func `a key is found`(headers: [(String, String)]) throws {
        #expect(try Credential.find(in: HeaderFields(headers), maximumBytes: 10) == "k")
    }

    @Test(arguments: [
        [], [("authorization", "")], [("authorization", "Bearer")], [("authorization", "Bearer  ")],
        [("authorization", "Basic dTpw")], [("authorization", "Bearerk")], [("x-api-key", "")],
        [("x-api-key", "  ")],
    ])
    func `without a key it is missing`(headers: [(String, String)]) {
        let failure = #expect(throws: Failure.self) {
            try Credential.find(in: HeaderFields(headers), maximumBytes: 10)
        }
        #expect(failure?.kind == .missingCredential)
    }

    @Test(arguments: ["a b", "a\u{7F}", "a\u{1}b", "ключ", "12345678901"])
    func `what cannot be a key is refused`(key: String) {
        for headers in [[("authorization", "Bearer \(key)")], [("x-api-key", key)]] {
            let failure = #expect(throws: Failure.self) {
                try Credential.find(in: HeaderFields(headers), maximumBytes: 10)
            }
            #expect(failure?.kind == .invalidCredential)
            #expect(failure?.message.contains(key) == false)
        }
    }

    /// The reference vectors for the key 00 01 … 0F and messages 00 01 … of growing length:
    /// https://github.com/veorq/SipHash/blob/master/vectors.h
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (7, 0xab02_00f5_8b01_d137),
            (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
        ] as [(Int, UInt64)])
    func `the hash is SipHash-2-4`(length: Int, expected: UInt64) {
        let hasher = CallerHasher(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        let bytes = (0..<length).map { UInt8($0) }
        #expect(hasher.hash(bytes.span) == expected)
    }

    @Test func `names have 16 digits and depend on the process's key`() {
        let one = CallerHasher(random: SeededRandom(seed: 1))
        let other = CallerHasher(random: SeededRandom(seed: 2))
        #expect(one.name(of: "key").utf8.count == 16)
        #expect(one.name(of: "key") == one.name(of: "key"))
        #expect(one.name(of: "key") != one.name(of: "kez"))
        #expect(one.name(of: "key") != other.name(of: "key"))
    }
}
