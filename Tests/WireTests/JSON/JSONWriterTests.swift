import Testing
import Wire

@Suite struct JSONWriterTests {
    func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `commas stand where they belong`() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.endArray()
            writer.key("b")
            writer.beginArray()
            writer.int(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.null()
            writer.endArray()
            writer.string("s")
            writer.endArray()
            writer.key("c")
            writer.bool(true)
            writer.key("d")
            writer.bool(false)
            writer.key("e")
            writer.raw(Array(#"{"x":[]}"#.utf8))
            writer.key("f")
            writer.raw([UInt8]("7".utf8).span)
            writer.key("g")
            writer.value(["n": [1, "x"], "o": [:]])
            writer.endObject()
        }
        #expect(
            text
                == #"{"a":[],"b":[1,{},[null],"s"],"c":true,"d":false,"e":{"x":[]},"f":7,"g":{"n":[1,"x"],"o":{}}}"#
        )
    }

    @Test(arguments: [
        (0, "0.000"), (7, "0.007"), (40, "0.040"), (1999, "1.999"), (-1, "-0.001"), (-12_300, "-12.300"),
        (Int.min, "-9223372036854775.808"),
    ])
    func `thousandths have three digits after the point`(_ value: Int, _ text: String) {
        #expect(written { $0.thousandths(value) } == text)
    }

    @Test func `keys are escaped too`() {
        let text = written { writer in
            writer.beginObject()
            writer.key(named: "a\"\\\u{1}")
            writer.null()
            writer.key("ä/ plain")
            writer.null()
            writer.endObject()
        }
        #expect(text == #"{"a\"\\\u0001":null,"ä/ plain":null}"#)
    }

    @Test func `nothing is escaped that need not be`() {
        let plain = "/é€😀\u{2028}\u{2029}\u{7F}<>&'"
        #expect(written { $0.string(plain) } == "\"\(plain)\"")
    }

    @Test func `control characters are escaped, those with a short form by it`() {
        let short: [UInt8: String] = [8: #"\b"#, 9: #"\t"#, 10: #"\n"#, 12: #"\f"#, 13: #"\r"#]
        for byte in UInt8(0)..<0x20 {
            let digits = String(byte, radix: 16)
            let long = #"\u00"# + (digits.count == 1 ? "0" : "") + digits
            let text = String(Unicode.Scalar(byte))
            #expect(written { $0.string(text) } == "\"\(short[byte] ?? long)\"")
        }
    }

    @Test(arguments: 0...40)
    func `an escape at any place of a word is written`(_ length: Int) {
        let lead = String(repeating: "x", count: length)
        #expect(written { $0.string(lead + "\"" + lead + "\\") } == #""\#(lead)\"\#(lead)\\""#)
    }

    @Test(arguments: [
        0, 1, -1, 9, 10, 11, 99, 100, -100, 12_345_678_901, 999_999_999_999_999_999,
        1_000_000_000_000_000_000,
        Int.max, Int.min,
    ])
    func `whole numbers are written with all digits`(_ value: Int) {
        #expect(written { $0.int(value) } == String(value))
    }

    @Test func `doubles are written shortest and never as words`() {
        #expect(written { $0.double(0.1) } == "0.1")
        #expect(written { $0.double(1) } == "1.0")
        #expect(written { $0.double(-1e300) } == "-1e+300")
        #expect(written { $0.double(.infinity) } == "null")
        #expect(written { $0.double(.nan) } == "null")
    }

    @Test func `values at the top level share a buffer with what frames them`() {
        var bytes = Array("data: ".utf8)
        for count in 1...2 {
            JSONWriter.append(to: &bytes) { writer in
                writer.beginArray()
                writer.int(count)
                writer.endArray()
            }
            bytes += Array("\n\n".utf8)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "data: [1]\n\n[2]\n\n")

        var writer = JSONWriter(appendingTo: Array(": x\n".utf8))
        writer.int(1)
        writer.bytes += Array("\n".utf8)
        writer.int(2)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == ": x\n1\n2")
    }

    @Test func `bytes come back also when the closure throws`() {
        struct Refusal: Error {}
        var bytes: [UInt8] = [0x21]
        #expect(throws: Refusal.self) {
            try JSONWriter.append(to: &bytes) { writer in
                writer.int(1)
                throw Refusal()
            }
        }
        #expect(bytes == [0x21, 0x31])
    }

    @Test func `appending does not copy the buffer`() {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1000)
        let before = unsafe bytes.withUnsafeBufferPointer { $0.baseAddress }
        JSONWriter.append(to: &bytes) { $0.string("some text") }
        let after = unsafe bytes.withUnsafeBufferPointer { $0.baseAddress }
        #expect(unsafe before == after)
    }
}
