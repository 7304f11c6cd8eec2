import Dialects
import Testing
import Wire

struct ResponsesRequestTests {
    private func decode(_ members: String) throws -> OpenAIResponsesRequest {
        try responsesRequest(#"{"model":"m","input":"Hi",\#(members)}"#)
    }

    @Test func `what Codex sends`() throws {
        let request = try responsesRequest(
            #"""
            {"model":"gpt-5-codex","instructions":"You are Codex","input":[
            {"type":"message","role":"developer","content":[{"type":"input_text","text":"Sandbox"}]},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"Fix it"}]}],
            "tools":[{"type":"function","name":"shell_command","description":"Runs","strict":false,
            "parameters":{"type":"object","properties":{}}},
            {"type":"custom","name":"apply_patch","description":"Patches","format":{"type":"grammar","syntax":"lark","definition":"x"}},
            {"type":"web_search","external_web_access":false},{"type":"image_generation","output_format":"png"},
            {"type":"namespace","name":"mcp__node","description":"","tools":[{"type":"function","name":"js","strict":false,
            "parameters":{"type":"object"}}]},{"type":"local_shell"}],
            "tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"medium","summary":"auto"},
            "store":false,"stream":true,"include":["reasoning.encrypted_content"],"prompt_cache_key":"k",
            "text":{"verbosity":"low"},"client_metadata":{"a":"b"}}
            """#)
        let generation = request.generation
        #expect(generation.model == "gpt-5-codex")
        #expect(generation.isStreamed)
        #expect(!request.isStored)
        #expect(!request.needsHistory)
        #expect(generation.turns.map(\.role) == [.system, .developer, .user])
        #expect(
            generation.tools.map(\.kind) == [
                .function(
                    FunctionTool(
                        name: "shell_command", description: "Runs",
                        parameters: ["type": "object", "properties": [:]], isStrict: false)),
                .custom(
                    CustomTool(
                        name: "apply_patch", description: "Patches",
                        format: ["type": "grammar", "syntax": "lark", "definition": "x"])),
                .vendor(type: "web_search", json: ["type": "web_search", "external_web_access": false]),
                .vendor(
                    type: "image_generation", json: ["type": "image_generation", "output_format": "png"]),
                .function(
                    FunctionTool(name: "mcp__node__js", parameters: ["type": "object"], isStrict: false)),
                .vendor(type: "local_shell", json: ["type": "local_shell"]),
            ])
        #expect(!generation.webSearch.isOn)
        #expect(generation.toolChoice == .automatic)
        #expect(generation.parallelToolCalls == false)
        #expect(generation.reasoning?.effort == "medium")
        #expect(generation.reasoning?.summary == "auto")
        #expect(
            generation.ignorable.map(\.name) == [
                "tools", "tools[2]", "tools[3]", "tools[5]", "tool_choice", "parallel_tool_calls",
                "reasoning.effort", "text.verbosity", "prompt_cache_key",
            ])
        #expect(generation.otherMembers["client_metadata"] == ["a": "b"])
    }

    @Test func `numbers and words of a request`() throws {
        let request = try decode(
            #"""
            "temperature":0.5,"top_p":0.9,"top_logprobs":3,"max_output_tokens":50,"metadata":{"k":"v"},"user":"u",
            "include":["message.output_text.logprobs"],"truncation":"auto","service_tier":"flex","background":false,
            "safety_identifier":"s"
            """#)
        let generation = request.generation
        #expect(generation.sampling.temperature == 0.5)
        #expect(generation.sampling.topP == 0.9)
        #expect(generation.sampling.topLogProbabilities == 3)
        #expect(generation.sampling.logProbabilities == true)
        #expect(generation.maximumOutputTokens == 50)
        #expect(generation.metadata == JSONObject([.init(key: "k", value: "v")]))
        #expect(generation.endUser == "u")
        #expect(request.isStored)
        #expect(
            Set(generation.ignorable.map(\.name)) == [
                "temperature", "top_p", "top_logprobs", "max_output_tokens", "user", "include", "truncation",
                "service_tier", "safety_identifier",
            ])
    }

    @Test func `null is as good as absent`() throws {
        let request = try decode(
            #""instructions":null,"tools":null,"text":null,"previous_response_id":null,"store":null,"reasoning":null"#
        )
        #expect(request.isStored)
        #expect(request.generation.ignorable.isEmpty)
        #expect(request.generation.turns.count == 1)
    }

    @Test func `complaint: text.format was not honoured`() throws {
        let schema = #"{"type":"object","properties":{}}"#
        let format = #"{"type":"json_schema","name":"n","description":"d","strict":true,"schema":\#(schema)}"#
        let request = try decode(#""text":{"format":\#(format),"verbosity":"high"}"#)
        #expect(
            request.generation.outputFormat
                == .jsonSchema(
                    JSONSchemaFormat(
                        name: "n", description: "d", schema: ["type": "object", "properties": [:]],
                        isStrict: true)))
        #expect(request.generation.ignorable.map(\.name) == ["text.verbosity", "text.format"])
        #expect(
            try decode(#""text":{"format":{"type":"json_object"}}"#).generation.outputFormat == .jsonObject)
        #expect(try decode(#""text":{"format":{"type":"text"}}"#).generation.outputFormat == .text)
    }

    @Test func `complaint: stop was dropped silently`() throws {
        #expect(try decode(#""stop":["a","b"]"#).generation.stopSequences == ["a", "b"])
        #expect(try decode(#""stop":"a""#).generation.stopSequences == ["a"])
    }

    @Test(arguments: [
        (#""none""#, ToolChoice.none), (#""auto""#, .automatic), (#""required""#, .required),
        (#"{"type":"function","name":"f"}"#, .tool(name: "f")),
        (#"{"type":"custom","name":"f"}"#, .tool(name: "f")),
        (#"{"type":"function","namespace":"n","name":"f"}"#, .tool(name: "n__f")),
        (#"{"type":"web_search_preview"}"#, .automatic),
        (#"{"type":"apply_patch"}"#, .tool(name: "apply_patch")),
        (
            #"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#,
            .allowed([
                "type": "allowed_tools", "mode": "auto", "tools": [["type": "function", "name": "f"]],
            ])
        ),
    ])
    func `every form of tool_choice`(json: String, choice: ToolChoice) throws {
        #expect(try decode(#""tool_choice":\#(json)"#).generation.toolChoice == choice)
    }

    @Test func `a web search is made, and what narrows it is named`() throws {
        let tool =
            #"{"type":"web_search","search_context_size":"high","filters":{"allowed_domains":["a.example"]},"#
            + #""user_location":{"type":"approximate","country":"DE"}}"#
        let generation = try decode(#""tools":[\#(tool)]"#).generation
        #expect(generation.webSearch.isOn)
        #expect(generation.webSearch.contextSize == .high)
        #expect(generation.webSearch.userLocation?["country"] == "DE")
        #expect(generation.tools.isEmpty)
        #expect(
            generation.ignorable.map(\.name).sorted() == [
                "tools", "tools[0].filters", "tools[0].user_location",
            ])
    }

    @Test func `the choice among tools is one about the web search too`() throws {
        let search = #""tools":[{"type":"web_search"}]"#
        let demanded = try decode(#"\#(search),"tool_choice":"required""#).generation
        #expect(demanded.webSearch.isOn)
        #expect(demanded.toolChoice == .automatic)
        let forbidden = try decode(#"\#(search),"tool_choice":"none""#).generation
        #expect(!forbidden.webSearch.isOn)
    }

    @Test func `tools that the vendor runs are kept as they came`() throws {
        let generation = try decode(
            #""tools":[{"type":"file_search","vector_store_ids":["v"]},{"type":"mcp","server_label":"s"}]"#
        ).generation
        #expect(
            generation.tools.map(\.kind) == [
                .vendor(type: "file_search", json: ["type": "file_search", "vector_store_ids": ["v"]]),
                .vendor(type: "mcp", json: ["type": "mcp", "server_label": "s"]),
            ])
    }

    @Test func `a conversation comes as a word or an object`() throws {
        #expect(try decode(#""conversation":"conv_1""#).conversationID == "conv_1")
        let request = try decode(#""conversation":{"id":"conv_1"}"#)
        #expect(request.conversationID == "conv_1")
        #expect(request.needsHistory)
        let answer = try JSONValue(parsing: try responsesResult(ResponsesAnswers.plain, echo: request.echo))
        #expect(answer["conversation"] == ["id": "conv_1"])
    }

    @Test func `input may be absent where something is stored, and for counting`() throws {
        let request = try responsesRequest(#"{"model":"m","previous_response_id":"resp_1"}"#)
        #expect(request.previousResponseID == "resp_1")
        #expect(request.inputItems.isEmpty)
        let counted = try OpenAIResponsesRequestDecoder.decodeForCounting(
            Array(#"{"model":"m","instructions":"Be kind"}"#.utf8), makeID: CountedIDs().make)
        #expect(counted.generation.turns == [Turn(role: .system, text: "Be kind")])
    }
}
