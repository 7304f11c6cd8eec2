// Properties: what comes out does not depend on the borders of the chunks; it is JSON whenever the reader says so; and
// JSON comes out as it went in. The first bytes of an input choose the borders.

@testable import Wire

private let maximumDepth = 16

private struct Outcome: Equatable {
    var output: [UInt8] = []
    var consumed = 0
    var isWhole = false
    var state = LenientJSONReader.State.start
}

/// Checks one input; traps when a property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLenientJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let sizes = bytes.prefix(4).map { Int($0 % 16) + 1 }
    check(bytes, sizes: sizes)
    check(Array(bytes.dropFirst(4)), sizes: sizes)
    return 0
}

private func check(_ text: [UInt8], sizes: [Int]) {
    for closesStrings in [false, true] {
        let whole = outcome(of: text, sizes: [text.count + 1], closesStrings)
        precondition(whole == outcome(of: text, sizes: [1], closesStrings), "byte by byte differs")
        if !sizes.isEmpty {
            precondition(whole == outcome(of: text, sizes: sizes, closesStrings), "chunks differ")
        }
        precondition(whole.isWhole == (whole.state == .complete), "the state is another")
        if whole.isWhole {
            precondition(
                (try? JSONValue(parsing: whole.output, maximumDepth: maximumDepth)) != nil, "no JSON")
        }
        guard (try? JSONValue(parsing: text, maximumDepth: maximumDepth)) != nil else { continue }
        precondition(whole.isWhole, "JSON is refused")
        precondition(text.starts(with: whole.output), "JSON was changed")
        precondition(text.dropFirst(whole.output.count).allSatisfy { $0 <= ASCII.space }, "JSON was cut")
    }
}

private func outcome(of text: [UInt8], sizes: [Int], _ closesStrings: Bool) -> Outcome {
    var reader = LenientJSONReader(maximumDepth: maximumDepth)
    var outcome = Outcome()
    var turn = 0
    while outcome.consumed < text.count {
        let piece = text[outcome.consumed...].prefix(sizes[turn % sizes.count])
        let count = reader.feed(piece, into: &outcome.output)
        outcome.consumed += count
        if count < piece.count { break }
        turn += 1
    }
    outcome.isWhole = reader.finish(closesStrings: closesStrings, into: &outcome.output)
    outcome.state = reader.state
    return outcome
}
