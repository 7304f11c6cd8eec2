// Property: the tokens of a text, asked at any time, are the same whatever the borders of the chunks it came in, and
// the ends of its tokens are as many and end where it does. What a cutter lets through is the start of the text.
// The first bytes of an input choose the vocabulary, the borders and the limit. Compiled together with Sources/Tokens by
// run.sh.

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokens(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let vocabulary = (bytes.first ?? 0) % 2 == 0 ? Vocabulary.o200kBase : .cl100kBase
    let sizes = bytes.prefix(4).map { Int($0 % 32) + 1 }
    var text = Array(bytes.dropFirst(4))
    // Long pieces are counted in another way, and a fuzzer makes none.
    if let first = bytes.first, first >= 0x80 { text = Array(repeatElement(text, count: 8).joined()) }
    let whole = TokenCounter.tokens(in: text.span, vocabulary)
    precondition(vocabulary.encode(text.span).count == whole, "the encoding differs")

    var counter = TokenCounter(vocabulary)
    var position = 0
    var turn = 0
    while position < text.count {
        let end = min(text.count, position + sizes[turn % sizes.count])
        counter.add(text.span.extracting(position..<end))
        if turn % (text.count < 500 ? 3 : 64) == 0 {
            let soFar = TokenCounter.tokens(in: text.span.extracting(0..<end), vocabulary)
            precondition(counter.tokens == soFar, "chunks differ")
        }
        position = end
        turn += 1
    }
    precondition(counter.tokens == whole, "the end differs")
    for mayWait in [false, true] {
        cut(String(decoding: text, as: UTF8.self), sizes: sizes, vocabulary, mayWait: mayWait)
    }
    return 0
}

private func cut(_ text: String, sizes: [Int], _ vocabulary: Vocabulary, mayWait: Bool) {
    let limit = sizes.reduce(0, +) / 2
    var cutter = TokenCutter(vocabulary, limit: limit)
    var passed = ""
    var rest = text.unicodeScalars[...]
    var turn = 0
    while !rest.isEmpty {
        let size = sizes[turn % sizes.count]
        passed += cutter.take(String(rest.prefix(size)), mayWait: mayWait)
        rest = rest.dropFirst(size)
        turn += 1
    }
    passed += cutter.finish()
    precondition(text.utf8.starts(with: passed.utf8), "the cutter made something up")
    precondition(cutter.isFull || passed.utf8.count == text.utf8.count, "the cutter lost something")
}
