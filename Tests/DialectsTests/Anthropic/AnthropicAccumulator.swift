import Dialects
import Testing
import Wire

/// Puts a stream of Anthropic's together again as the SDKs do, and checks its grammar on the way.
///
/// anthropic 2.12.0, `lib/streaming/_messages.py`, `accumulate_event`.
struct AnthropicAccumulator {
    private(set) var message = JSONObject()
    private(set) var error: JSONValue?
    private(set) var isComplete = false
    private(set) var pings = 0
    private var blocks: [JSONObject] = []
    private var openIndex: Int?
    private var input = ""

    /// Reads a whole stream.
    init(_ stream: String) throws {
        for frame in stream.split(separator: "\n\n") {
            let lines = frame.split(separator: "\n")
            try #require(lines.count == 2 && lines[0].hasPrefix("event: ") && lines[1].hasPrefix("data: "))
            let data = try JSONValue(parsing: Array(lines[1].dropFirst(6).utf8))
            let name = String(lines[0].dropFirst(7))
            #expect(data["type"]?.stringValue == name)
            try take(name, data)
        }
        if error == nil {
            #expect(isComplete)
            #expect(openIndex == nil)
        }
        message["content"] = .array(blocks.map(JSONValue.object))
    }

    private mutating func take(_ name: String, _ data: JSONValue) throws {
        #expect(!isComplete && error == nil, "nothing follows the end")
        switch name {
        case "ping": pings += 1
        case "message_start":
            #expect(message.members.isEmpty)
            message = try #require(data["message"]?.objectValue)
        case "content_block_start":
            #expect(openIndex == nil && data["index"]?.intValue == blocks.count)
            openIndex = blocks.count
            blocks.append(try #require(data["content_block"]?.objectValue))
            input = ""
        case "content_block_delta":
            #expect(data["index"]?.intValue == openIndex)
            try add(#require(data["delta"]), to: #require(openIndex))
        case "content_block_stop":
            #expect(data["index"]?.intValue == openIndex)
            if !input.isEmpty {
                blocks[try #require(openIndex)]["input"] = try JSONValue(parsing: Array(input.utf8))
            }
            openIndex = nil
        case "message_delta":
            #expect(openIndex == nil)
            message["stop_reason"] = data["delta"]?["stop_reason"]
            message["stop_sequence"] = data["delta"]?["stop_sequence"]
            message["usage"] = data["usage"]
        case "message_stop": isComplete = true
        case "error": error = data
        default: Issue.record("unknown event \(name)")
        }
    }

    private mutating func add(_ delta: JSONValue, to index: Int) throws {
        switch delta["type"]?.stringValue {
        case "text_delta": try append(delta, "text", to: index)
        case "thinking_delta": try append(delta, "thinking", to: index)
        case "signature_delta": blocks[index]["signature"] = delta["signature"]
        case "citations_delta":
            let earlier = blocks[index]["citations"]?.arrayValue ?? []
            blocks[index]["citations"] = .array(earlier + [try #require(delta["citation"])])
        case "input_json_delta":
            let piece = try #require(delta["partial_json"]?.stringValue)
            #expect(!piece.isEmpty)
            input += piece
        case let type: Issue.record("unknown delta \(type ?? "nil")")
        }
    }

    private mutating func append(_ delta: JSONValue, _ member: String, to index: Int) throws {
        let earlier = try #require(blocks[index][member]?.stringValue)
        blocks[index][member] = .string(earlier + (try #require(delta[member]?.stringValue)))
    }
}
