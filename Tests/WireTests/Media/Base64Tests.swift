import Testing
import Wire

@Suite struct Base64Tests {
    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        Base64.encode(bytes.span, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// https://www.rfc-editor.org/rfc/rfc4648#section-10, and each character of the alphabet.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the examples of the standard`(plain: String, text: String) {
        #expect(Self.text(Array(plain.utf8)) == text)
        #expect(Base64.encodedCount(plain.utf8.count) == text.utf8.count)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test func `each character of both alphabets has its bits`() {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        let bytes: [UInt8] = (0..<16).flatMap { group -> [UInt8] in
            let bits = (0..<4).reduce(0) { $0 << 6 | (4 * group + $1) }
            return [16, 8, 0].map { UInt8(truncatingIfNeeded: bits >> $0) }
        }
        #expect(Self.text(bytes) == letters + "+/")
        #expect(Base64.decode(letters + "+/") == bytes)
        #expect(Base64.decode(letters + "-_") == bytes)
    }

    @Test func `text is appended to what is there`() {
        var text = Array("data:".utf8)
        Base64.encode([0, 1].span, into: &text)
        #expect(text == Array("data:AAE=".utf8))
    }

    /// White space and no padding, as people and libraries write it.
    @Test(arguments: [
        "Zm9vYg==", "Zm9vYg", "Zm9vYg=", " Zm9v Yg==\n", "Zm9v\r\nYg==\r\n", "Z\tm9vYg==",
        "Zm9\u{C}vYg=\n=\n",
    ])
    func `white space and missing padding are fine`(_ text: String) {
        #expect(Base64.decode(text) == Array("foob".utf8))
    }

    @Test(arguments: [
        "Z", "Zm9vY", "Zm9v=", "Zm9v====", "Zm8==", "Zg===", "=", "Zg==Zg==", "Zg==A", "Zm9v!", "Zm\u{0}9",
        "Zm9é",
        "data:image/png;base64,Zm9v", "Zm9vYg==\u{0}", "Zm9v\u{A0}", "Zm.9",
    ])
    func `what is none is refused`(_ text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `bytes of any length come back, with line ends at any width`() {
        var bytes: [UInt8] = []
        for length in 0..<200 {
            let text = Self.text(bytes)
            #expect(Base64.decode(text) == bytes)
            #expect(text.utf8.count == Base64.encodedCount(length))
            for width in [1, 2, 3, 4, 5, 63, 64, 76] {
                let lines = text.indices.enumerated().map { index, place in
                    (index % width == 0 ? "\r\n" : "") + String(text[place])
                }
                #expect(Base64.decode(lines.joined()) == bytes)
            }
            bytes.append(UInt8(truncatingIfNeeded: length &* 167 &+ 89))
        }
    }
}
