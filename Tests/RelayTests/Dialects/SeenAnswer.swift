import TestSupport
import Wire

@testable import Relay

/// What a client of any dialect sees of an answer, in words that belong to none.
struct SeenAnswer: Equatable {
    var text = ""
    var reasoning = ""
    var calls: [Call] = []
    var finish = ""
    var inputTokens = 0
    var outputTokens = 0
    /// What an answer that broke off says.
    var error: String?

    struct Call: Equatable {
        var id: String
        var name: String
        var arguments: String
    }

    /// Reads an answer that was sent as a whole.
    init(whole body: JSONValue, _ dialect: ClientDialect) {
        switch dialect {
        case .openAIChat: self.init(completion: body)
        case .openAICompletions: self.init(legacyCompletion: body)
        case .openAIResponses: self.init(response: body)
        case .anthropic: self.init(message: body)
        }
    }

    /// Puts the events of a stream together as the dialect's own clients do.
    init(stream events: [String], _ dialect: ClientDialect) {
        let values = events.filter { !$0.hasPrefix(":") }.map { event -> JSONValue in
            // Named events have their data on the second line.
            let data = event.split(separator: "\n").last.map { line in
                line.hasPrefix("data: ") ? String(line.dropFirst(6)) : String(line)
            }
            return (try? JSONValue(parsing: Array((data ?? "").utf8))) ?? .null
        }
        switch dialect {
        case .openAIChat: self.init(chunks: values)
        case .openAICompletions: self.init(legacyChunks: values)
        case .openAIResponses: self.init(responseEvents: values)
        case .anthropic: self.init(messageEvents: values)
        }
    }

    // MARK: OpenAI's chat

    private init(completion body: JSONValue) {
        let choice = body["choices"]?.arrayValue?.first ?? .null
        let message = choice["message"] ?? .null
        text = message["content"]?.stringValue ?? ""
        reasoning = message["reasoning_content"]?.stringValue ?? ""
        calls = (message["tool_calls"]?.arrayValue ?? []).map { call in
            Call(
                id: call["id"]?.stringValue ?? "", name: call["function"]?["name"]?.stringValue ?? "",
                arguments: call["function"]?["arguments"]?.stringValue ?? "")
        }
        finish = choice["finish_reason"]?.stringValue ?? ""
        takeUsage(body["usage"], "prompt_tokens", "completion_tokens")
    }

    private init(chunks: [JSONValue]) {
        for chunk in chunks {
            error = chunk["error"]?["message"]?.stringValue ?? error
            takeUsage(chunk["usage"], "prompt_tokens", "completion_tokens")
            guard let choice = chunk["choices"]?.arrayValue?.first else { continue }
            finish = choice["finish_reason"]?.stringValue ?? finish
            let delta = choice["delta"] ?? .null
            text += delta["content"]?.stringValue ?? ""
            reasoning += delta["reasoning_content"]?.stringValue ?? ""
            for call in delta["tool_calls"]?.arrayValue ?? [] {
                guard let index = call["index"]?.intValue else { continue }
                if index == calls.count {
                    calls.append(
                        Call(
                            id: call["id"]?.stringValue ?? "",
                            name: call["function"]?["name"]?.stringValue ?? "", arguments: ""))
                }
                calls[index].arguments += call["function"]?["arguments"]?.stringValue ?? ""
            }
        }
    }

    // MARK: OpenAI's legacy completions

    private init(legacyCompletion body: JSONValue) {
        let choice = body["choices"]?.arrayValue?.first ?? .null
        text = choice["text"]?.stringValue ?? ""
        finish = choice["finish_reason"]?.stringValue ?? ""
        takeUsage(body["usage"], "prompt_tokens", "completion_tokens")
    }

    private init(legacyChunks chunks: [JSONValue]) {
        for chunk in chunks {
            error = chunk["error"]?["message"]?.stringValue ?? error
            takeUsage(chunk["usage"], "prompt_tokens", "completion_tokens")
            guard let choice = chunk["choices"]?.arrayValue?.first else { continue }
            finish = choice["finish_reason"]?.stringValue ?? finish
            text += choice["text"]?.stringValue ?? ""
        }
    }

    // MARK: OpenAI's responses

    private init(response body: JSONValue) {
        for item in body["output"]?.arrayValue ?? [] {
            let content = (item["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
            let summary = (item["summary"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
            switch item["type"]?.stringValue {
            case "message": text += content
            case "reasoning": reasoning += content.isEmpty ? summary : content
            case "function_call":
                calls.append(
                    Call(
                        id: item["call_id"]?.stringValue ?? "", name: item["name"]?.stringValue ?? "",
                        arguments: item["arguments"]?.stringValue ?? ""))
            default: break
            }
        }
        let reason = body["incomplete_details"]?["reason"]?.stringValue
        finish = reason ?? body["status"]?.stringValue ?? ""
        takeUsage(body["usage"], "input_tokens", "output_tokens")
    }

    /// The deltas, with the end's object for what has no deltas.
    private init(responseEvents events: [JSONValue]) {
        var argumentsByItem: [String: String] = [:]
        var streamed = ""
        for event in events {
            let delta = event["delta"]?.stringValue ?? ""
            switch event["type"]?.stringValue {
            case "response.output_text.delta": streamed += delta
            case "response.function_call_arguments.delta":
                argumentsByItem[event["item_id"]?.stringValue ?? "", default: ""] += delta
            case "error": error = event["message"]?.stringValue
            case "response.failed": error = event["response"]?["error"]?["message"]?.stringValue
            case "response.completed", "response.incomplete":
                self = SeenAnswer(response: event["response"] ?? .null)
                let arguments = (event["response"]?["output"]?.arrayValue ?? [])
                    .filter { $0["type"]?.stringValue == "function_call" }
                    .map { argumentsByItem[$0["id"]?.stringValue ?? ""] ?? "" }
                for index in calls.indices where index < arguments.count {
                    calls[index].arguments = arguments[index]
                }
            default: break
            }
        }
        text = streamed
    }

    // MARK: Anthropic's messages

    private init(message body: JSONValue) {
        for block in body["content"]?.arrayValue ?? [] { take(block: block) }
        finish = body["stop_reason"]?.stringValue ?? ""
        takeUsage(body["usage"], "input_tokens", "output_tokens")
    }

    private mutating func take(block: JSONValue) {
        switch block["type"]?.stringValue {
        case "text": text += block["text"]?.stringValue ?? ""
        case "thinking": reasoning += block["thinking"]?.stringValue ?? ""
        case "tool_use":
            calls.append(
                Call(
                    id: block["id"]?.stringValue ?? "", name: block["name"]?.stringValue ?? "",
                    arguments: block["input"].map { String(decoding: $0.serialized(), as: UTF8.self) } ?? ""))
        default: break
        }
    }

    private init(messageEvents events: [JSONValue]) {
        for event in events {
            let delta = event["delta"] ?? .null
            switch event["type"]?.stringValue {
            case "message_start": takeUsage(event["message"]?["usage"], "input_tokens", "output_tokens")
            case "content_block_start":
                guard let block = event["content_block"] else { continue }
                take(block: block)
                if block["type"]?.stringValue == "tool_use" { calls[calls.count - 1].arguments = "" }
            case "content_block_delta":
                text += delta["text"]?.stringValue ?? ""
                reasoning += delta["thinking"]?.stringValue ?? ""
                if let json = delta["partial_json"]?.stringValue { calls[calls.count - 1].arguments += json }
            case "message_delta":
                finish = delta["stop_reason"]?.stringValue ?? ""
                takeUsage(event["usage"], "input_tokens", "output_tokens")
            case "error": error = event["error"]?["message"]?.stringValue
            default: break
            }
        }
        for index in calls.indices {
            // A call without arguments is an empty object for this dialect's clients.
            let text = calls[index].arguments.isEmpty ? "{}" : calls[index].arguments
            let object = try? JSONValue(parsing: Array(text.utf8))
            calls[index].arguments = object.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? text
        }
    }

    private mutating func takeUsage(_ usage: JSONValue?, _ input: String, _ output: String) {
        inputTokens = usage?[input]?.intValue ?? inputTokens
        outputTokens = usage?[output]?.intValue ?? outputTokens
    }
}
