// Properties: headers are complete exactly where a plain reading of the specification says so, at the last byte and not
// before; what they say about themselves is what is in the bytes.
// Compiled together with Sources/SCGI/HeaderScanner.swift by run.sh.

/// Checks one input; traps when a property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSCGI(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let raw = Array(UnsafeBufferPointer(start: start, count: count))
    check(raw)
    // Few inputs would have the right length and comma: so also as the content of a netstring.
    check(Array("\(count):".utf8) + raw + Array(",body".utf8))
    return 0
}

private func check(_ bytes: [UInt8]) {
    let result = HeaderScanner.scan(bytes.span)
    let expected = plainReading(bytes)
    guard case .isComplete(let headers) = result else {
        precondition(expected == nil, "refused or waited for what is right")
        return
    }
    guard let expected else { preconditionFailure("took what is wrong") }
    precondition(headers.end == expected.end, "another end")
    precondition(headers.bodyBytes == expected.bodyBytes, "another length of the body")
    var rebuilt: [UInt8] = []
    var offset = headers.block.lowerBound
    var number = 0
    while let header = HeaderScanner.header(in: bytes.span, from: offset, to: headers.block.upperBound) {
        rebuilt += bytes[offset..<header.separator] + [0] + bytes[(header.separator + 1)..<header.end] + [0]
        offset = header.end + 1
        number += 1
    }
    precondition(rebuilt == Array(bytes[headers.block]), "headers are missing")
    precondition(number == headers.count, "another number of headers")
    for length in 0..<headers.end {
        precondition(
            HeaderScanner.scan(Array(bytes[..<length]).span) == .needsMore, "not read when it comes in pieces"
        )
    }
}

/// The specification read word by word: the end of the headers and the length of the body, or nil.
private func plainReading(_ bytes: [UInt8]) -> (end: Int, bodyBytes: Int)? {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let length = plainNumber(bytes[..<colon]),
        length <= HeaderScanner.maximumBytes, length < bytes.count - colon - 1
    else { return nil }
    let content = bytes[(colon + 1)..<(colon + 1 + length)]
    guard bytes[content.endIndex] == UInt8(ascii: ","), content.last == 0 else { return nil }
    let pieces = content.dropLast().split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
    guard pieces.count.isMultiple(of: 2) else { return nil }
    let names = stride(from: 0, to: pieces.count, by: 2).map {
        String(decoding: pieces[$0], as: Unicode.ASCII.self)
    }
    guard names.first == "CONTENT_LENGTH", names.count(where: { $0 == "CONTENT_LENGTH" }) == 1,
        names.count(where: { $0 == "SCGI" }) == 1, !names.contains(""),
        let version = names.firstIndex(of: "SCGI"), pieces[version * 2 + 1] == [UInt8(ascii: "1")],
        let bodyBytes = plainNumber(pieces[1][...])
    else { return nil }
    return (content.endIndex + 1, bodyBytes)
}

private func plainNumber(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), digits.count <= 18,
        digits.count == 1 || digits.first != UInt8(ascii: "0")
    else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
}
