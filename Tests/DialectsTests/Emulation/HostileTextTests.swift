import Testing
import Wire

@testable import Dialects

/// What nobody writes by accident.
struct HostileTextTests {
    @Test func `characters are whole where a call turns out to be none`() throws {
        let fixture = try EmulationFixture()
        for pad in ["", "x"] {
            let accents = pad + String(repeating: "é", count: 200)
            for text in ["<tool_call \(accents)", "<tool_call>functions.\(accents)"] {
                fixture.check(text, text + " stop")
            }
        }
        fixture.check("<tool_call>\n{\"name\": é} x", "<tool_call>\n{\"name\": é} x stop")
    }

    @Test func `a sentence that ends with the tag is no call to be asked for again`() throws {
        let text = "The model writes `<tool_call>`."
        try EmulationFixture(furtherCalls: 1).check(text, text + " stop")
    }

    @Test(arguments: [
        "<tool_call>", "< / TOOL_CALL>", "&lt;tool_call&gt;", "&#60;tool_call&#62;",
        #"{"a":"\u003ctool_call\u003e"}"#, #"<\/tool_call>"#, "%3Ctool_call%3E", "＜tool_call＞",
        "<\u{200B}tool_call>",
    ]) func `a tag counts however it is encoded`(_ text: String) throws {
        let emulation = try Emulation(
            EmulationFixture.request { $0.turns = [Turn(role: .user, text: text)] })
        #expect(emulation.marker.level == 2)
    }

    @Test func `a tag counts in the name of a turn, and its bare word does not`() throws {
        let named = Turn(role: .user, name: "<tool_call>", text: "Hi")
        #expect(try Emulation(EmulationFixture.request { $0.turns = [named] }).marker.level == 2)
        let bare = Turn(role: .user, text: "tool_call: a tool_call, \"tool_calls\" and 4c tool_call")
        #expect(try Emulation(EmulationFixture.request { $0.turns = [bare] }).marker.level == 1)
    }

    @Test func `brackets before a role have a limit, for each label repeats them`() throws {
        func body(_ count: Int) throws -> Int {
            let brackets = String(repeating: "[", count: count) + "user"
            let turns =
                [Turn(role: .user, text: brackets)] + Array(repeating: Turn(role: .user, text: "a"), count: 9)
            return try OneMinChatRequestEncoder().encode(GenerationRequest(model: "m", turns: turns)).body
                .count
        }
        #expect(try body(63) > 10 * 128)
        #expect(throws: Failure.self) { try body(64) }
        #expect(
            try OneMinPrompt.text(for: [Turn(role: .system, text: String(repeating: "[", count: 99))]).count
                > 99)
    }

    @Test func `a key without an end is not kept once the call is given`() throws {
        var answer = try EmulatedAnswer(EmulationFixture().emulation, furtherCalls: 0)
        answer.take(.text(#"<tool_call>{"name":"get_weather","arguments":{},""#)) { _ in }
        // Quadratic work would take minutes.
        for _ in 0..<100_000 { answer.take(.text("kkkkkkkkkk")) { _ in } }
        #expect(answer.heldBytes < 1_000)
    }

    @Test func `schemas inside long names have a limit`() throws {
        func schema(name: Int, parts: Int) throws -> JSONSchema {
            let parts = (0..<parts).map { JSONObject.Member(key: "p\($0)", value: [:]) }
            let inner = JSONValue.object(JSONObject(parts))
            let name = JSONObject.Member(
                key: String(repeating: "k", count: name), value: ["properties": inner])
            return try JSONSchema(
                ["properties": .object(JSONObject([name]))], strictness: .lenient, path: "p")
        }
        #expect(try schema(name: 60, parts: 5_000).complaint(about: [:]) == nil)
        #expect(throws: Failure.self) { try schema(name: 60_000, parts: 5_000) }
    }

    @Test func `patterns of one schema have a limit together, and those beyond do not constrain`() throws {
        let patterns = (0..<2_000).map { _ in
            JSONValue.object(JSONObject([.init(key: "pattern", value: "^a{999}$")]))
        }
        let schema = try JSONSchema(
            ["properties": ["a": .object(JSONObject([.init(key: "anyOf", value: .array(patterns))]))]],
            strictness: .lenient, path: "p")
        #expect(schema.nodes.filter { !$0.constraints.isEmpty }.count < 200)
        #expect(schema.complaint(about: ["a": "b"]) == nil)
    }

    @Test func `a complaint is short whatever the value is made of`() throws {
        let schema = try JSONSchema(["type": "string", "enum": ["x"]], strictness: .lenient, path: "p")
        let marks = JSONValue.string("a" + String(repeating: "\u{301}", count: 100_000))
        #expect(try #require(schema.complaint(about: marks)).utf8.count < 300)
    }
}
