/// A line and a byte of it, both from 1.
struct JSON5Place {
    var line: Int
    var column: Int
}

/// The text of a configuration file, known to be UTF-8, and where its lines start.
struct JSON5Source {
    let bytes: [UInt8]
    private let lineStarts: [Int]

    /// Takes the text.
    ///
    /// - Throws: `invalidUTF8` at the first byte that is none.
    init(_ bytes: [UInt8]) throws(JSONError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let fault = JSONFault(.invalidUTF8, at: error.byteOffsets.lowerBound)
            throw JSONError(fault, in: bytes.span, message: "the file is not valid UTF-8")
        }
        var lineStarts = [0]
        for (offset, byte) in bytes.enumerated() {
            let isLineFeed = byte == ASCII.lineFeed
            if isLineFeed, offset > 0, bytes[offset - 1] == ASCII.carriageReturn {
                lineStarts[lineStarts.count - 1] = offset + 1
            } else if isLineFeed || byte == ASCII.carriageReturn {
                lineStarts.append(offset + 1)
            }
        }
        self.bytes = bytes
        self.lineStarts = lineStarts
    }

    /// Line and column of an offset.
    func place(of offset: Int) -> JSON5Place {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return JSON5Place(line: low + 1, column: offset - lineStarts[low] + 1)
    }

    /// The byte at an offset, or nil at the end.
    func byte(at offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    /// The character at an offset and its length in bytes, or nil at the end.
    func scalar(at offset: Int) -> (value: Unicode.Scalar, length: Int)? {
        guard let first = byte(at: offset) else { return nil }
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for index in offset + 1..<offset + length { value = value << 6 | UInt32(bytes[index] & 0x3F) }
        return Unicode.Scalar(value).map { ($0, length) }
    }

    /// The text between two offsets.
    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// An error at an offset.
    func error(_ code: JSONError.Code, at offset: Int, _ message: String) -> JSONError {
        JSONError(JSONFault(code, at: offset), in: bytes.span, message: message)
    }
}
