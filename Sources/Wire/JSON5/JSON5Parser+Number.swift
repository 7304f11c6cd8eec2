extension JSON5Parser {
    /// Consumes a number and brings it into JSON's notation: https://spec.json5.org/#numbers
    mutating func number() throws(JSONError) -> JSONNumber {
        let start = position
        var sign = ""
        if let byte = source.byte(at: position), byte == ASCII.plus || byte == ASCII.minus {
            sign = byte == ASCII.minus ? "-" : ""
            position += 1
        }
        let text: String
        if source.byte(at: position) == ASCII.zero, let next = source.byte(at: position + 1),
            next | 0x20 == ASCII.lowerX
        {
            text = try hexadecimal(from: start)
        } else {
            text = try decimal(from: start)
        }
        // `12px` is one wrong number and not a number with something behind it.
        if try identifier() != nil { throw numberError(at: start) }
        return JSONNumber(checkedText: sign + text)
    }

    /// The error for what is no number, or none that a setting can have.
    func numberError(at start: Int) -> JSONError {
        source.error(.invalidNumber, at: start, "invalid number; Infinity and NaN are not allowed")
    }

    private mutating func hexadecimal(from start: Int) throws(JSONError) -> String {
        position += 2
        let first = position
        var value: UInt64 = 0
        while let digit = source.byte(at: position).flatMap(ASCII.hexValue) {
            guard value >> 60 == 0 else {
                throw source.error(.invalidNumber, at: start, "a hexadecimal number has at most 64 bits")
            }
            value = value << 4 | UInt64(digit)
            position += 1
        }
        guard position > first else { throw numberError(at: start) }
        return String(value)
    }

    private mutating func decimal(from start: Int) throws(JSONError) -> String {
        let whole = digits()
        var text = whole.isEmpty ? "0" : whole
        guard whole.count < 2 || whole.utf8.first != ASCII.zero else {
            throw source.error(.invalidNumber, at: start, "a number cannot start with 0")
        }
        if source.byte(at: position) == ASCII.dot {
            position += 1
            let fraction = digits()
            guard !whole.isEmpty || !fraction.isEmpty else { throw numberError(at: start) }
            if !fraction.isEmpty { text += "." + fraction }
        } else if whole.isEmpty {
            throw numberError(at: start)
        }
        guard let byte = source.byte(at: position), byte | 0x20 == ASCII.lowerE else { return text }
        position += 1
        text += "e"
        if let byte = source.byte(at: position), byte == ASCII.plus || byte == ASCII.minus {
            if byte == ASCII.minus { text += "-" }
            position += 1
        }
        let exponent = digits()
        guard !exponent.isEmpty else { throw numberError(at: start) }
        return text + exponent
    }

    private mutating func digits() -> String {
        let start = position
        while let byte = source.byte(at: position), ASCII.isDigit(byte) { position += 1 }
        return source.text(start..<position)
    }
}
