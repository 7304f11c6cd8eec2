import Glibc
import Tokens

/// Counts texts for differential.py and for the row `tokens` of Tests/Benchmarks.
///
///     token-probe VOCABULARY MODE
///
/// Reads records from standard input, each a length (32 bits, little-endian) and so many bytes of text, and writes for
/// each a length and so many bytes of answer, in words of 32 bits. Modes:
///
/// - `encode`: the numbers of the tokens.
/// - `count`: how many there are.
/// - `chunks`: the count after each of chunks of 1, 2, 3, 1, … bytes.
/// - `stream`: the count after the last of chunks of 20 bytes, having asked after each.
/// - `cut`: the bytes that a cutter lets through; the first four bytes of the text are its limit in tokens.
/// - `time`: the nanoseconds that counting took, and the count.
@main
struct TokenProbe {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { exit(64) }
        let vocabulary: Vocabulary
        switch arguments[1] {
        case Vocabulary.o200kBase.name: vocabulary = .o200kBase
        case Vocabulary.cl100kBase.name: vocabulary = .cl100kBase
        default: exit(64)
        }
        while let length = word(), let text = bytes(Int(length)) {
            var answer: [UInt32] = []
            switch arguments[2] {
            case "encode": answer = vocabulary.encode(text.span).map { UInt32($0) }
            case "count": answer = [UInt32(TokenCounter.tokens(in: text.span, vocabulary))]
            case "chunks": answer = chunks(text, vocabulary)
            case "stream": answer = stream(text, vocabulary)
            case "cut": answer = cut(text, vocabulary)
            case "time": answer = time(text, vocabulary)
            default: exit(64)
            }
            self.answer([UInt32(answer.count * 4)] + answer)
        }
    }

    static func chunks(_ text: [UInt8], _ vocabulary: Vocabulary) -> [UInt32] {
        var counter = TokenCounter(vocabulary)
        var answer: [UInt32] = []
        var start = 0
        while start < text.count {
            let end = min(start + answer.count % 3 + 1, text.count)
            counter.add(text.span.extracting(start..<end))
            answer.append(UInt32(counter.tokens))
            start = end
        }
        return answer
    }

    /// The count after the last chunk; unlike `chunks`, this keeps nothing.
    static func stream(_ text: [UInt8], _ vocabulary: Vocabulary) -> [UInt32] {
        var counter = TokenCounter(vocabulary)
        var tokens = 0
        var start = 0
        while start < text.count {
            let end = min(start + 20, text.count)
            counter.add(text.span.extracting(start..<end))
            tokens = counter.tokens
            start = end
        }
        return [UInt32(tokens)]
    }

    /// The bytes of the text that a cutter lets through.
    static func cut(_ record: [UInt8], _ vocabulary: Vocabulary) -> [UInt32] {
        var cutter = TokenCutter(
            vocabulary, limit: record.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) })
        return [UInt32(cutter.take(String(decoding: record.dropFirst(4), as: UTF8.self)).utf8.count)]
    }

    static func time(_ text: [UInt8], _ vocabulary: Vocabulary) -> [UInt32] {
        let clock = ContinuousClock()
        var count = 0
        let time = clock.measure { count = TokenCounter.tokens(in: text.span, vocabulary) }
        let nanoseconds =
            time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
        return [UInt32(truncatingIfNeeded: nanoseconds), UInt32(count)]
    }

    static func word() -> UInt32? {
        guard let bytes = bytes(4) else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// So many bytes of standard input, nil at its end.
    static func bytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let result = bytes.withUnsafeMutableBytes {
                read(0, $0.baseAddress.map { $0 + done }, count - done)
            }
            guard result > 0 else { return nil }
            done += result
        }
        return bytes
    }

    static func answer(_ words: [UInt32]) {
        words.map(\.littleEndian).withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let result = write(1, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                guard result > 0 else { exit(74) }
                done += result
            }
        }
    }
}
