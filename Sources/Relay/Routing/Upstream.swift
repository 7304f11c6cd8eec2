import Wire

/// One configured vendor as requests to it need it.
final class Upstream: Sendable {
    /// The name in the configuration.
    let name: String
    /// The settings.
    let settings: Configuration.Provider
    private let proxy: String?

    /// Takes over the settings of a vendor.
    init(_ settings: Configuration.Provider) {
        name = settings.name
        self.settings = settings
        proxy = settings.proxy?.revealed()
    }

    /// A request to a path (and query) below the base URL, with the vendor's settings and without a credential.
    func request(_ method: String, path: String, headers: HeaderFields = HeaderFields()) -> UpstreamRequest {
        UpstreamRequest(
            method: method, url: settings.baseURL.text + path, headers: headers, timeouts: settings.timeouts,
            proxy: proxy, certificateFile: settings.caFile, http2: settings.http2)
    }
}
