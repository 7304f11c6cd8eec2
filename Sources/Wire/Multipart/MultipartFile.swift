/// What stands before and behind a file in a form of that file alone.
public struct MultipartFile: Sendable {
    /// The `Content-Type` of the body.
    public let contentType: String
    /// What stands before the file's bytes.
    public let head: [UInt8]
    /// What stands behind them.
    public let tail: [UInt8]

    /// Frames a file.
    ///
    /// - Parameters:
    ///   - boundary: unpredictable, so that no file can hold it; letters and digits only.
    ///   - fileName: quotes, backslashes and control characters in it are escaped as browsers do.
    public init(field: String, fileName: String, mediaType: String, boundary: String) {
        contentType = "multipart/form-data; boundary=\(boundary)"
        var head = Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"".utf8)
        head += Self.escaped(field)
        head += Array("\"; filename=\"".utf8)
        head += Self.escaped(fileName)
        head += Array("\"\r\nContent-Type: ".utf8)
        head += mediaType.utf8.filter { !Self.isControl($0) }
        head += Array("\r\n\r\n".utf8)
        self.head = head
        tail = Array("\r\n--\(boundary)--\r\n".utf8)
    }

    /// Browsers leave backslashes alone, and servers differ in what they mean: in hexadecimal they mean nothing.
    private static func escaped(_ name: String) -> [UInt8] {
        name.utf8.flatMap { byte -> [UInt8] in
            guard isControl(byte) || byte == ASCII.quote || byte == ASCII.backslash else { return [byte] }
            return [ASCII.percent, upperHexDigit(byte >> 4), upperHexDigit(byte & 15)]
        }
    }

    private static func upperHexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero + value : UInt8(ascii: "A") + value - 10
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < ASCII.space || byte == ASCII.delete
    }
}
