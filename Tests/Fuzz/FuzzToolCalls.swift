// Property: what an answer becomes does not depend on the borders of its pieces, every call is begun once and ended once,
// the arguments of a strict tool are JSON, and no more comes out than a small multiple of what went in.
// The first bytes of an input choose the request and the borders. Compiled together with Sources/Dialects by run.sh.
import Wire

private let requests: [Emulation] = {
    var requests: [Emulation] = []
    for number in 0..<16 {
        var request = GenerationRequest(model: "m", turns: [Turn(role: .user, text: "<tool_call>")])
        if number & 1 == 0 { request.turns[0] = Turn(role: .user, text: "Hi") }
        let schema: JSONValue = ["type": "object", "properties": ["a": ["type": "integer"]]]
        if number & 6 != 6 {
            request.tools = [
                Tool(kind: .function(FunctionTool(name: "f", parameters: schema))),
                Tool(kind: .function(FunctionTool(name: "strict", parameters: schema, isStrict: nil))),
                Tool(kind: .custom(CustomTool(name: "c"))),
            ]
        }
        if number & 2 != 0 { request.outputFormat = .jsonObject }
        if number & 4 != 0 { request.parallelToolCalls = false }
        if number & 12 == 8 { request.toolChoice = .required }
        guard let emulation = try? Emulation(request) else { fatalError("a request is refused") }
        requests.append(emulation)
    }
    return requests
}()

private struct Outcome: Equatable {
    var text = ""
    var reasoning = ""
    var calls: [String] = []
    var end: String?
    var asksAgain = false
    /// The order of text and calls.
    var order = ""
}

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzToolCalls(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard bytes.count > 5 else { return 0 }
    let emulation = requests[Int(bytes[0] & 15)]
    let furtherCalls = Int(bytes[0] >> 4 & 1)
    let reason: FinishReason = bytes[0] & 32 == 0 ? .stop : .length
    let sizes = bytes[1..<5].map { Int($0 % 16) + 1 }
    let answer = Array(String(decoding: bytes[5...], as: UTF8.self).unicodeScalars)
    func outcome(_ sizes: [Int]) -> Outcome {
        Outcome(emulation, furtherCalls, answer, sizes, reason)
    }
    let whole = outcome([answer.count + 1])
    precondition(whole == outcome([1]), "character by character differs")
    precondition(whole == outcome(sizes), "pieces differ")
    let given =
        whole.text.utf8.count + whole.reasoning.utf8.count + whole.calls.reduce(0) { $0 + $1.utf8.count }
    precondition(given <= 16 * count + 1024, "more came out than went in")
    return 0
}

extension Outcome {
    init(
        _ emulation: Emulation, _ furtherCalls: Int, _ scalars: [Unicode.Scalar], _ sizes: [Int],
        _ reason: FinishReason
    ) {
        self.init()
        var answer = EmulatedAnswer(emulation, furtherCalls: furtherCalls)
        feed(&answer, scalars, sizes, reason)
        guard answer.followUp != nil else {
            precondition(end != nil, "no end")
            precondition(answer.heldBytes == 0, "something is kept")
            return
        }
        precondition(end == nil, "an end before the further call")
        asksAgain = true
        feed(&answer, scalars, sizes, reason)
        precondition(end != nil && answer.followUp == nil, "no end after the further call")
    }

    private mutating func feed(
        _ answer: inout EmulatedAnswer, _ scalars: [Unicode.Scalar], _ sizes: [Int], _ reason: FinishReason
    ) {
        var position = 0
        var turn = 0
        while position < scalars.count {
            let end = min(scalars.count, position + sizes[turn % sizes.count])
            let piece = String(String.UnicodeScalarView(scalars[position..<end]))
            answer.take(.text(piece)) { take($0) }
            position = end
            turn += 1
        }
        answer.take(.finished(reason)) { take($0) }
    }

    private mutating func take(_ event: GenerationEvent) {
        precondition(end == nil, "something after the end")
        switch event {
        case .text(let piece):
            precondition(!piece.isEmpty)
            text += piece
            if order.last != "t" { order += "t" }
        case .reasoning(let piece): reasoning += piece
        case .toolCallBegan(let index, _, let name, _):
            precondition(index == calls.count && order.last != "(", "a call in a call")
            calls.append(name + " ")
            order += "("
        case .toolCallArguments(let index, let piece):
            precondition(index == calls.count - 1 && order.last == "(" && !piece.isEmpty)
            calls[index] += piece
        case .toolCallEnded(let index):
            precondition(index == calls.count - 1 && order.last == "(", "an end without a call")
            order += ")"
        case .finished, .failed: end = "\(event)"
        default: preconditionFailure("an event of another kind")
        }
    }
}
