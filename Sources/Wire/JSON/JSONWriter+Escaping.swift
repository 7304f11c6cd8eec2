extension JSONWriter {
    /// Appends a string in quotes, escaped as RFC 8259 demands and no further.
    mutating func appendQuoted(_ value: String) {
        bytes.append(ASCII.quote)
        let isDone: Void? = unsafe value.utf8.withContiguousStorageIfAvailable { unsafe appendEscaped($0) }
        if isDone == nil {
            // Not one block of memory: never so on Linux, where every string is native UTF-8.
            unsafe Array(value.utf8).withUnsafeBufferPointer { unsafe appendEscaped($0) }
        }
        bytes.append(ASCII.quote)
    }

    /// Whether a literal can stand in quotes as it is.
    static func isPlain(_ value: StaticString) -> Bool {
        value.withUTF8Buffer { text in
            text.allSatisfy { $0 >= ASCII.space && $0 != ASCII.quote && $0 != ASCII.backslash }
        }
    }

    /// Appends the runs between bytes that need an escape in bulk.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        let span = unsafe text.span
        var start = 0
        while start < text.count {
            let end = ByteSearch.stringRun(in: span, from: start).end
            unsafe bytes.append(copying: UnsafeBufferPointer(rebasing: text[start..<end]))
            guard end < text.count else { return }
            appendEscape(of: unsafe text[end])
            start = end + 1
        }
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(ASCII.backslash)
        switch byte {
        case ASCII.quote, ASCII.backslash: bytes.append(byte)
        case ASCII.lineFeed: bytes.append(ASCII.lowerN)
        case ASCII.carriageReturn: bytes.append(ASCII.lowerR)
        case ASCII.tab: bytes.append(ASCII.lowerT)
        case ASCII.backspace: bytes.append(ASCII.lowerB)
        case ASCII.formFeed: bytes.append(ASCII.lowerF)
        default:
            bytes.append(ASCII.lowerU)
            bytes.append(ASCII.zero)
            bytes.append(ASCII.zero)
            bytes.append(ASCII.zero &+ byte >> 4)
            bytes.append(ASCII.hexDigit(byte & 0xF))
        }
    }
}
