internal import CCurl

/// Header lines as libcurl takes them. `curl_slist`
@safe struct HeaderList: ~Copyable {
    /// The first line, to be used while the list lives.
    private(set) var pointer: UnsafeMutablePointer<curl_slist>?

    init() {
        unsafe pointer = nil
    }

    deinit {
        unsafe curl_slist_free_all(pointer)
    }

    /// Adds a line; libcurl copies it. Without memory the list stays as it is. `curl_slist_append`
    mutating func append(_ line: String) {
        if let extended = unsafe curl_slist_append(pointer, line) { unsafe pointer = extended }
    }
}
