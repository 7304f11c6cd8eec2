// Properties: base64 is read as a plain reading of it says, and comes back as it was written; a picture's size is the same
// from its bytes and from base64 of them; and any bytes have a format or none.

@testable import Wire

/// Checks one input; traps when a property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMedia(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    checkBase64(bytes)
    checkFormat(bytes)
    return 0
}

private func checkBase64(_ bytes: [UInt8]) {
    var text = [UInt8(ascii: "x")]
    Base64.encode(bytes.span, into: &text)
    precondition(text.count == 1 + Base64.encodedCount(bytes.count), "another length")
    let encoded = String(decoding: text.dropFirst(), as: UTF8.self)
    precondition(Base64.decode(encoded) == bytes, "written differs from read")
    precondition(ImageSize(base64: encoded) == ImageSize(prefix: bytes), "another size")

    let raw = String(decoding: bytes, as: UTF8.self)
    precondition(Base64.decode(raw) == plainReading(raw), "read differs")
    let letters = String(
        decoding: bytes.map { Array("AZaz09+/-_= \n\tQg=".utf8)[Int($0) % 17] }, as: UTF8.self)
    precondition(Base64.decode(letters) == plainReading(letters), "read differs")
}

/// The rules one after the other: without white space, without padding, then six bits each.
private func plainReading(_ text: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var characters = text.utf8.filter { ![0x20, 9, 10, 12, 13].contains($0) }
    var padding = 0
    while characters.last == UInt8(ascii: "=") {
        characters.removeLast()
        padding += 1
    }
    guard characters.count % 4 != 1, padding <= [0, 0, 2, 1][characters.count % 4] else { return nil }
    var bits: [Bool] = []
    for character in characters {
        let plain =
            character == UInt8(ascii: "-")
            ? UInt8(ascii: "+") : character == UInt8(ascii: "_") ? 0x2F : character
        guard let value = alphabet.firstIndex(of: plain) else { return nil }
        for bit in [5, 4, 3, 2, 1, 0] { bits.append(value >> bit & 1 == 1) }
    }
    return (0..<bits.count / 8).map { byte in
        bits[(8 * byte)..<(8 * byte + 8)].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
    }
}

private func checkFormat(_ bytes: [UInt8]) {
    let format = MediaFormat(prefix: bytes)
    for name in ["a.json", "a.docx", "a.jpg"] {
        let named = MediaFormat(prefix: bytes, fileName: name)
        switch format {
        case .text: precondition(named == (name == "a.json" ? .json : .text), "the name decides")
        case .zip: precondition(named == .zip || name == "a.docx" && named == .docx, "the name decides")
        default: precondition(named == format, "the name decides")
        }
    }
    // What is text may hold markup, but nothing that is none.
    if format?.kind == .document, format != .pdf, !bytes.starts(with: "PK".utf8) {
        precondition(!bytes.contains(0), "text with NUL")
    }
}
