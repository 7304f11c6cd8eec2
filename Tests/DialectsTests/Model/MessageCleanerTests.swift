import Dialects
import Testing

struct MessageCleanerTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let input: String
        let output: String
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "plain words", input: "The model is busy, try again.",
            output: "The model is busy, try again."),
        Case(
            name: "a model's name", input: "Model us.anthropic.claude-sonnet-4-5-20250929-v1:0 is unknown",
            output: "Model us.anthropic.claude-sonnet-4-5-20250929-v1:0 is unknown"),
        Case(
            name: "more model names", input: "gemini-3.1-flash-lite-preview, meta/llama-4-scout-instruct",
            output: "gemini-3.1-flash-lite-preview, meta/llama-4-scout-instruct"),
        Case(
            name: "an OpenAI key", input: "Incorrect API key provided: sk-proj-abcDEF123456.",
            output: "Incorrect API key provided: [key]."),
        Case(name: "a masked key", input: "key sk-12345678****90ab", output: "key [key]"),
        Case(
            name: "a bearer token", input: "Authorization: Bearer abc.def-123",
            output: "Authorization: Bearer [key]"),
        Case(name: "a key after its name", input: "api-key: hunter2secret1", output: "api-key: [key]"),
        Case(name: "a key in an assignment", input: "?api_key=abc", output: "?api_key=[key]"),
        Case(
            name: "a long opaque key", input: "key 9f8e7d6c5b4a39281706f5e4d3c2b1a0 used",
            output: "key [key] used"),
        Case(
            name: "a token of three parts", input: "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",
            output: "jwt [key].[key].x"),
        Case(
            name: "a UUID", input: "team 6b645e3a-d64f-4341-a6d8-7a3690fbf042 has no credits",
            output: "team [id] has no credits"),
        Case(
            name: "a UUID in a word", input: "user_6b645e3a-d64f-4341-a6d8-7a3690fbf042!",
            output: "user_[id]!"),
        Case(
            name: "an address for mail", input: "contact jo.doe+x@example.co.uk now",
            output: "contact [email] now"),
        Case(
            name: "IPv4", input: "connect ECONNREFUSED 10.0.12.7:443",
            output: "connect ECONNREFUSED [address]:443"),
        Case(name: "IPv6", input: "from 2001:db8::8a2e:370:7334", output: "from [address]"),
        Case(name: "the loopback", input: "at ::1", output: "at [address]"),
        Case(name: "a time of day", input: "at 12:30:45 std::string", output: "at 12:30:45 std::string"),
        Case(
            name: "a signed URL", input: "see https://s3.amazonaws.com/a/b.png?X-Amz-Signature=1f2e.",
            output: "see [address]"),
        Case(
            name: "a URL with a password", input: "proxy http://joe:pass@example.com/",
            output: "proxy [address]"),
        Case(name: "an inner host", input: "http://chat-worker:8080/x", output: "[address]"),
        Case(name: "an inner address", input: "http://10.1.2.3/x", output: "[address]"),
        Case(
            name: "a page of documentation", input: "See https://platform.openai.com/docs/models for help",
            output: "See https://platform.openai.com/docs/models for help"),
        Case(name: "line ends and controls", input: "a\r\n\tb\u{0}c\u{7F} ", output: "a b c"),
        Case(
            name: "quotes and brackets stay", input: "field \"size\" [1024*1024]",
            output: "field \"size\" [1024*1024]"),
        Case(
            name: "more than ASCII", input: "Zu wenig Guthaben für 模型 👍", output: "Zu wenig Guthaben für 模型 👍"
        ),
        Case(name: "nothing", input: "", output: ""),
    ]

    @Test(arguments: cases) func `keys, identifiers and addresses are taken out`(_ test: Case) {
        #expect(MessageCleaner.clean(test.input) == test.output)
    }

    @Test(arguments: cases) func `cleaning twice changes nothing more`(_ test: Case) {
        #expect(MessageCleaner.clean(test.output) == test.output)
    }

    @Test func `a known secret is taken out whatever it looks like`() {
        let clean = MessageCleaner.clean(
            "the key (open sesame) is bad: open sesame", removing: ["open sesame"])
        #expect(clean == "the key ([key]) is bad: [key]")
    }

    @Test(arguments: [599, 600, 601, 100_000]) func `the length is bounded`(_ count: Int) {
        let clean = MessageCleaner.clean(String(repeating: "ä", count: count))
        #expect(clean.count == min(count, 600) + (count > 600 ? 1 : 0))
        #expect(clean.hasSuffix("…") == (count > 600))
    }
}
