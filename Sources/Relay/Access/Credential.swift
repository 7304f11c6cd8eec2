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
        let credentials = value[...].trimmingSpaces().utf8
        let scheme = "bearer".utf8
        guard credentials.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 })
        else { return nil }
        let rest = credentials.dropFirst(scheme.count)
        guard rest.first == 0x20 || rest.first == 0x09 else { return nil }
        return String(Substring(rest).trimmingSpaces())
    }
}
