/// Why bytes are not the JSON or JSON5 they should be, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// The bytes end inside a value.
        case unexpectedEnd
        /// A byte stands where the grammar has no place for it.
        case unexpectedByte
        /// A backslash is followed by something that is not an escape.
        case invalidEscape
        /// Half of a `\u` surrogate pair stands alone.
        case loneSurrogate
        /// A string is not UTF-8.
        case invalidUTF8
        /// Arrays and objects are nested deeper than allowed.
        case tooDeep
        /// A number is not written as the grammar wants it.
        case invalidNumber
        /// Something follows the value.
        case trailingBytes
        /// A string has a control character that is not escaped.
        case controlCharacter
        /// A limit on size was passed.
        case tooLarge
        /// A key appears twice in one object; an error in JSON5 only.
        case duplicateKey
    }

    /// What is wrong.
    public var code: Code
    /// Bytes before the fault.
    public var offset: Int
    /// The line of the fault, from 1; LF, CR and CR LF end a line.
    public var line: Int
    /// The byte of that line at which the fault is, from 1.
    public var column: Int
    /// What is wrong, as the end of a sentence; holds nothing of the bytes unless a configuration was read.
    public var message: String

    /// An error at a known place.
    public init(code: Code, offset: Int, line: Int, column: Int, message: String? = nil) {
        self.code = code
        self.offset = offset
        self.line = line
        self.column = column
        self.message = message ?? code.sentence
    }

    /// Finds line and column of a fault, which costs a walk over the bytes before it.
    init(_ fault: JSONFault, in bytes: Span<UInt8>, message: String? = nil) {
        var line = 1
        var lineStart = 0
        for offset in 0..<Swift.min(fault.offset, bytes.count) {
            let byte = bytes[offset]
            if byte == ASCII.lineFeed {
                // The LF of a CR LF ends no further line.
                if offset == 0 || bytes[offset - 1] != ASCII.carriageReturn { line += 1 }
                lineStart = offset + 1
            } else if byte == ASCII.carriageReturn {
                line += 1
                lineStart = offset + 1
            }
        }
        self.init(
            code: fault.code, offset: fault.offset, line: line, column: fault.offset - lineStart + 1,
            message: message)
    }
}

extension JSONError: CustomStringConvertible {
    /// `line:column: message`.
    public var description: String { "\(line):\(column): \(message)" }
}

/// A fault while its place is only an offset: small enough to be thrown in registers.
struct JSONFault: Error {
    var code: JSONError.Code
    var offset: Int

    /// A fault at an offset; kept out of line, off the hot path.
    @inline(never)
    init(_ code: JSONError.Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension JSONError.Code {
    /// The sentence of `message` when there is nothing more precise to say.
    var sentence: String {
        switch self {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte: "unexpected character"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "half a surrogate pair in a string"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .tooDeep: "nested too deeply"
        case .invalidNumber: "invalid number"
        case .trailingBytes: "unexpected text after the value"
        case .controlCharacter: "unescaped control character in a string"
        case .tooLarge: "too large"
        case .duplicateKey: "the key appears twice"
        }
    }
}
