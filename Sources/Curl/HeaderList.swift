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

    /// Adds lines, which end with CR LF, or LF.
    mutating func append(lines: Span<UInt8>) {
        var start = 0
        for index in lines.indices where lines[index] == UInt8(ascii: "\n") {
            let end = index > start && lines[index - 1] == UInt8(ascii: "\r") ? index - 1 : index
            if end > start { append(line: lines.extracting(start..<end)) }
            start = index + 1
        }
        if start < lines.count { append(line: lines.extracting(start...)) }
    }

    private mutating func append(line: Span<UInt8>) {
        unsafe withUnsafeTemporaryAllocation(byteCount: line.count + 1, alignment: 1) { text in
            unsafe line.withUnsafeBytes { unsafe text.copyMemory(from: $0) }
            unsafe text[line.count] = 0
            let text = unsafe text.bindMemory(to: CChar.self).baseAddress
            if let extended = unsafe curl_slist_append(pointer, text) { unsafe pointer = extended }
        }
    }
}
