import Dialects
import Wire

/// A request about something that the relay keeps for the caller.
struct StoredRequest: Sendable {
    /// The method.
    var method: String
    /// What follows the `?`.
    var query: String
    /// The body; empty but for `POST`.
    var body: [UInt8]
    /// The caller's key: everything else is not there.
    var credential: String
}
