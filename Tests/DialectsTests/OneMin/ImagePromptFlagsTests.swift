import Dialects
import Testing
import Wire

struct ImagePromptFlagsTests {
    private func sent(_ prompt: String, model: String, extra: String = "") throws -> (String, [String]) {
        let object = JSONValue.object(JSONObject([.init(key: "prompt", value: .string(prompt))]))
        let body = text(object.serialized()).dropLast() + extra + "}"
        let plan = try OneMinImagePlanTests.plan(String(body), model: model)
        let sent = try JSONValue(parsing: plan.body())["promptObject"]
        return (sent.map { text($0.serialized()) } ?? "", plan.ignored)
    }

    @Test(
        arguments: [
            ("a cat --ar 16:9", "magic-art", #"{"prompt":"a cat","aspect_width":7,"aspect_height":4,"n":4}"#),
            ("a cat —ar 3:2", "magic-art", #"{"prompt":"a cat","aspect_width":3,"aspect_height":2,"n":4}"#),
            ("--relax a\n  cat", "magic-art", #"{"prompt":"a\n  cat","n":4,"mode":"relax"}"#),
            (
                "a cat --no text, ink --tile --stylize 250", "magic-art",
                #"{"prompt":"a cat","n":4,"no":"text, ink","tile":true,"stylize":250}"#
            ),
            (
                "a cat --s 1 --c 2 --w 3 --iw 1.5 --seed 9 --fast --niji 6", "magic-art_6_1",
                #"{"prompt":"a cat","n":4,"mode":"fast","isNiji6":true,"image_weight":1.5,"seed":9,"#
                    + #""stylize":1,"chaos":2,"weird":3}"#
            ),
            (
                "a cat --cref https://a/b.png https://a/c.png --sref random", "magic-art",
                #"{"prompt":"a cat","n":4,"character_reference":"https://a/b.png https://a/c.png","#
                    + #""style_reference":"random"}"#
            ),
            (
                "a cat --oref images/x.png --ow 1.5", "magic-art_7_0",
                #"{"prompt":"a cat","n":4,"omni_reference":"images/x.png","omni_reference_weight":1.5}"#
            ),
            ("a cat --unknown 3 -- x", "magic-art", #"{"prompt":"a cat --unknown 3 -- x","n":4}"#),
            // Other models have what they have a member for.
            ("a cat --ar 16:9", "black-forest-labs/flux-2-pro", #"{"prompt":"a cat","aspect_ratio":"16:9"}"#),
            (
                "a cat --size 1792x1024 --no text --tile", "dall-e-3",
                #"{"prompt":"a cat --no text --tile","size":"1792x1024"}"#
            ),
            ("a cat --no text", "recraft", #"{"prompt":"a cat","negative_prompt":"text"}"#),
            ("use cmd --seed often", "black-forest-labs/flux-2-pro", #"{"prompt":"use cmd --seed often"}"#),
            ("a cat --ar 16:9", "a-model-of-tomorrow", #"{"prompt":"a cat --ar 16:9"}"#),
            // What a model cannot be told stays where it may be read.
            ("a cat --ar 16:9", "gemini-2.5-flash-image", #"{"prompt":"a cat --ar 16:9"}"#),
            (
                "a cat --ar 16:9", "gemini-3-pro-image-preview",
                #"{"prompt":"a cat --ar 16:9","imageSize":"1K"}"#
            ),
            ("a cat --size 2K", "gemini-3-pro-image-preview", #"{"prompt":"a cat","imageSize":"2K"}"#),
            ("a cat --iw .5", "magic-art", #"{"prompt":"a cat","n":4,"image_weight":0.5}"#),
        ])
    func `flags become members`(_ prompt: String, _ model: String, _ expected: String) throws {
        let (sent, ignored) = try sent(prompt, model: model)
        #expect(sent == expected)
        #expect(ignored.isEmpty)
    }

    @Test func `flags that the version lacks are named`() throws {
        let (sent, ignored) = try sent(
            "a cat --v 7 --cref https://a/b.png --style raw --turbo --niji 5 --ow 1", model: "magic-art_6_1")
        #expect(sent == #"{"prompt":"a cat","n":4}"#)
        #expect(ignored == ["--v", "--cref", "--style", "--turbo", "--niji", "--ow"])
    }

    @Test func `a flag counts more than a member`() throws {
        let (sent, _) = try sent(
            "a cat --ar 3:2 --stylize 5", model: "magic-art", extra: #","size":"1024x1024","stylize":9"#)
        #expect(sent == #"{"prompt":"a cat","aspect_width":3,"aspect_height":2,"n":4,"stylize":5}"#)
    }

    @Test(
        arguments: [
            ("a cat --ar", "--ar"), ("a cat --ar wide", "'wide' is none"),
            ("a cat --stylize 1001", "--stylize"),
            ("a cat --chaos lots", "--chaos"), ("a cat --no", "--no"), ("--tile", "flags"),
            ("a cat --seed --tile", "--seed"), ("a cat --ar 99:1", "99:1"),
        ])
    func `a flag that makes no sense is refused`(_ prompt: String, _ words: String) {
        let failure = #expect(throws: Failure.self) { try sent(prompt, model: "magic-art") }
        #expect(failure?.kind == .invalidRequest && failure?.parameter == "prompt")
        #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }
}
