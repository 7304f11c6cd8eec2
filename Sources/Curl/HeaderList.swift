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

    /// Adds a field, without making a string of its line.
    mutating func append(_ name: String, _ value: String) {
        var line = [CChar]()
        line.reserveCapacity(name.utf8.count + value.utf8.count + 3)
        Self.append(name.utf8.span, to: &line)
        line.append(CChar(UInt8(ascii: ":")))
        line.append(CChar(UInt8(ascii: " ")))
        Self.append(value.utf8.span, to: &line)
        line.append(0)
        if let extended = unsafe curl_slist_append(pointer, line) { unsafe pointer = extended }
    }

    private static func append(_ text: Span<UInt8>, to line: inout [CChar]) {
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe line.append(contentsOf: $0) }
        }
    }
}
