import Wire

/// Turns credentials and addresses into what their counts are kept under, on all machines alike.
///
/// A digest is two times SipHash-2-4 under keys that HMAC-SHA-256 makes of the operator's secret, other ones for
/// credentials than for addresses. 128 bits are enough that no two callers ever meet in one record. Nothing is let in by
/// a digest: it decides only whose count goes up.
///
/// Whoever sees the digests, in memcached for one, and knows the secret can test whether a key that he has is among them,
/// and find addresses by trying all of them. Without a secret of the operator's own everybody knows it.
struct CallerDigest: Sendable {
    private let credentials: Pair
    private let networks: Pair
    private let places: Pair

    /// What stands in the place of a secret.
    private static let publicLabel = "fastrelay: limits without a secret"

    /// Derives the keys.
    ///
    /// - Parameter secret: the same on all machines that count together; nil takes what everybody knows.
    init(secret: Secret?) {
        let secret = Array((secret?.revealed() ?? Self.publicLabel).utf8)
        credentials = Pair(secret, for: "credential 1")
        networks = Pair(secret, for: "address 1")
        places = Pair(secret, for: "place 1")
    }

    /// The digest of a whole credential, as the client showed it.
    func digest(ofCredential credential: String) -> LimitDigest {
        credentials.digest(credential.utf8.span)
    }

    /// The digest of an address: all of it for IPv4, the first 64 bits for IPv6.
    func digest(of address: ClientAddress) -> LimitDigest {
        switch address.subject {
        case .ipv4(let number):
            let bytes: [4 of UInt8] = .init { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) }
            return networks.digest(bytes.span)
        case .ipv6(let network):
            let bytes: [8 of UInt8] = .init { UInt8(truncatingIfNeeded: network >> UInt64(56 - 8 * $0)) }
            return networks.digest(bytes.span)
        case .text(let text):
            let bytes = text.utf8.span
            return places.digest(bytes.extracting(first: ClientAddress.maximumTextBytes))
        }
    }

    /// Two hashes under keys of their own.
    private struct Pair: Sendable {
        private let first: CallerHasher
        private let second: CallerHasher

        init(_ secret: [UInt8], for purpose: String) {
            let bytes = SHA256.code(for: Array(purpose.utf8), key: secret)
            var words = [4 of UInt64](repeating: 0)
            for (index, byte) in bytes.enumerated() {
                words[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8))
            }
            first = CallerHasher(key: (words[0], words[1]))
            second = CallerHasher(key: (words[2], words[3]))
        }

        func digest(_ bytes: Span<UInt8>) -> LimitDigest {
            LimitDigest(high: first.hash(bytes), low: second.hash(bytes))
        }
    }
}
