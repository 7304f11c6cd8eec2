import Dialects
import Wire

/// Measures how fast answers are read, for the row `tool-calls` of Tests/Benchmarks.
///
///     emulation-probe [--quick]
///
/// Prints one row of a table per kind of answer: the median of some runs and, in brackets, the slowest and the fastest.
@main
struct EmulationProbe {
    static let megabytes = 8

    static func main() throws {
        let repeats = CommandLine.arguments.contains("--quick") ? 3 : 9
        var request = GenerationRequest(model: "m", turns: [Turn(role: .user, text: "Hi")])
        request.tools = [
            Tool(kind: .function(FunctionTool(name: "write_file", parameters: ["type": "object"])))
        ]
        let emulation = try Emulation(request)
        print("| figure | measured: median (lowest–highest) | target |\n|---|---|---|")
        let prose = "The quick brown fox jumps over the lazy dog; then it rests a while.\n"
        let code = "```swift\nif a[1] < b { print(\"`x` is \\(a[2])\") } // [user]\n```\n\n[1]: <x>\n"
        let call =
            "<tool_call>\n{\"name\": \"write_file\", \"arguments\": {\"text\": \"\(prose.dropLast())\\n\"}}\n</tool_call>\n"
        for (what, line, target) in [("prose", prose, "≥ 100"), ("code", code, ""), ("calls", call, "")] {
            for size in [20, 4096] {
                let pieces = Self.pieces(of: line, size: size)
                let rates = (0..<repeats).map { _ in rate(emulation, pieces) }.sorted()
                let text = "\(Int(rates[repeats / 2])) (\(Int(rates[0]))–\(Int(rates[repeats - 1])))"
                print("| tool calls, \(what) in pieces of \(size) bytes, MB/s | \(text) | \(target) |")
            }
        }
    }

    /// Some megabytes of a line again and again, in pieces. The line is ASCII.
    static func pieces(of line: String, size: Int) -> [String] {
        let line = Array(line.utf8)
        let count = megabytes * 1_000_000 / size
        return (0..<count).map { piece in
            String(decoding: (0..<size).map { line[(piece * size + $0) % line.count] }, as: UTF8.self)
        }
    }

    /// Megabytes a second.
    static func rate(_ emulation: Emulation, _ pieces: [String]) -> Double {
        var answer = EmulatedAnswer(emulation, furtherCalls: 0)
        var events = 0
        let time = ContinuousClock().measure {
            for piece in pieces { answer.take(.text(piece)) { _ in events += 1 } }
            answer.take(.finished(.stop)) { _ in events += 1 }
        }
        precondition(events > 0)
        return Double(megabytes)
            / (Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
    }
}
