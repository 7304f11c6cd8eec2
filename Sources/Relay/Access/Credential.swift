import Dialects
import Wire

/// Finds the caller's key in a request.
enum Credential {
    /// The key from `Authorization: Bearer KEY` or, where that has none, from `x-api-key: KEY`.
    ///
    /// The scheme is told in any case and any number of spaces may surround the key
    /// (https://www.rfc-editor.org/rfc/rfc9110#section-11.4). A key is made of visible ASCII characters.
    /// - Throws: `missingCredential` when there is none, also when only another scheme is used; `invalidCredential` when
    ///   what is there cannot be a key.
    static func find(in headers: HeaderFields, maximumBytes: Int) throws(Failure) -> String {
        let key =
            headers["authorization"].flatMap(bearer)
            ?? headers["x-api-key"].map { String($0[...].trimmingSpaces()) } ?? ""
        guard !key.isEmpty else {
            throw Failure(
                .missingCredential,
                "You did not provide an API key. Send yours as `Authorization: Bearer KEY` or as `x-api-key: KEY`."
            )
        }
        guard key.utf8.count <= maximumBytes, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Failure(.invalidCredential, "The API key has characters that no key has, or is too long.")
        }
        return key
    }

    /// What follows `Bearer` and at least one space; `nil` for other schemes and for nothing.
    private static func bearer(_ value: String) -> String? {
        let bytes = value.utf8.span
        var (start, end) = (0, bytes.count)
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        let scheme: [6 of UInt8] = [0x62, 0x65, 0x61, 0x72, 0x65, 0x72]
        guard end - start > scheme.count else { return nil }
        for index in scheme.indices where bytes[start + index] | 0x20 != scheme[index] { return nil }
        start += scheme.count
        guard isSpace(bytes[start]) else { return nil }
        while start < end, isSpace(bytes[start]) { start += 1 }
        let utf8 = value.utf8
        let key = utf8.index(utf8.startIndex, offsetBy: start)..<utf8.index(utf8.startIndex, offsetBy: end)
        return String(value[key])
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
