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
        let name = name.utf8.span
        let value = value.utf8.span
        let count = name.count + value.count + 3
        unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { line in
            unsafe name.withUnsafeBytes { unsafe line.copyMemory(from: $0) }
            unsafe line[name.count] = UInt8(ascii: ":")
            unsafe line[name.count + 1] = UInt8(ascii: " ")
            unsafe value.withUnsafeBytes { text in
                unsafe UnsafeMutableRawBufferPointer(rebasing: line[(name.count + 2)...]).copyMemory(
                    from: text)
            }
            unsafe line[count - 1] = 0
            let text = unsafe line.bindMemory(to: CChar.self).baseAddress
            if let extended = unsafe curl_slist_append(pointer, text) { unsafe pointer = extended }
        }
    }
}
