internal import CMemcached
internal import Glibc

/// Why a server could not be asked.
public struct MemcachedError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In a few words, for a log line: never a key or a value, and nothing that the server said.
    public var reason: String

    /// Makes one.
    public init(reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }

    /// Says what a call came to. `memcached_strerror`
    ///
    /// libmemcached's longer messages are left alone, since they quote what the server sent.
    init(_ code: memcached_return_t, systemError: Int32) {
        switch code {
        case MEMCACHED_TIMEOUT, MEMCACHED_IN_PROGRESS: reason = "timed out"
        case MEMCACHED_HOST_LOOKUP_FAILURE: reason = "the name is not known"
        case MEMCACHED_AUTH_FAILURE: reason = "the user name or the password is refused"
        // Also where Debian's libsasl2-modules is not installed.
        case MEMCACHED_AUTH_PROBLEM: reason = "no mechanism of SASL is known here and to the server"
        case MEMCACHED_E2BIG: reason = "the value is too large for the server"
        case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE: reason = "the server is out of memory"
        case _ where systemError != 0:
            reason = unsafe strerror(systemError).map { unsafe String(cString: $0) } ?? "error \(systemError)"
        // Which of them it does not say.
        case MEMCACHED_CONNECTION_FAILURE: reason = "the connection is refused or closed"
        default:
            let text =
                unsafe memcached_strerror(nil, code).map { unsafe String(cString: $0) } ?? "unknown error"
            reason = text.lowercased()
        }
    }
}
