import Dialects
import Testing
import Wire

/// Requests are written as clients write them, answers as 1min.ai reads them.
struct OneMinImagePlanTests {
    static func plan(_ body: String, model: String) throws -> OneMinImagePlan {
        try OneMinImagePlan(OpenAIImageRequestDecoder.decode(Array(body.utf8)), model: model)
    }

    /// The `promptObject` without its prompt, as compact JSON.
    private func sent(_ extra: String, model: String, call: Int = 0) throws -> String {
        let members = extra.isEmpty ? "" : ",\(extra)"
        let plan = try Self.plan(#"{"prompt":"a cat"\#(members)}"#, model: model)
        let body = try JSONValue(parsing: plan.body(call: call))
        #expect(body["type"] == "IMAGE_GENERATOR" && body["model"]?.stringValue == model)
        var object = try #require(body["promptObject"]?.objectValue)
        #expect(object["prompt"] == "a cat")
        object["prompt"] = nil
        return text(JSONValue.object(object).serialized())
    }

    static let models = [
        "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-2", "recraft",
        "black-forest-labs/flux-schnell", "black-forest-labs/flux-dev", "black-forest-labs/flux-pro",
        "black-forest-labs/flux-1.1-pro", "black-forest-labs/flux-2-dev", "black-forest-labs/flux-2-pro",
        "black-forest-labs/flux-2-flex", "black-forest-labs/flux-2-max", "black-forest-labs/flux-2-klein-4b",
        "6b645e3a-d64f-4341-a6d8-7a3690fbf042", "magic-art", "magic-art_6_1", "magic-art_7_0", "midjourney",
        "stable-diffusion-xl-1024-v1-0", "gemini-3-pro-image-preview", "gemini-3.1-flash-image-preview",
        "gemini-2.5-flash-image", "qwen-image-plus", "qwen-image-max", "a-model-of-tomorrow",
    ]

    @Test(arguments: models)
    func `a square and no size work for every model`(_ model: String) throws {
        _ = try Self.plan(#"{"prompt":"a cat"}"#, model: model)
        _ = try Self.plan(#"{"prompt":"a cat","size":"auto"}"#, model: model)
        _ = try Self.plan(#"{"prompt":"a cat","size":"1024x1024","n":4,"quality":"high"}"#, model: model)
    }

    @Test(
        arguments: [
            ("dall-e-2", "{}"), ("dall-e-3", "{}"), ("gpt-image-1", #"{"quality":"medium"}"#),
            ("gpt-image-1-mini", #"{"quality":"medium"}"#),
            ("gpt-image-2", #"{"size":"1024x1024","quality":"medium"}"#), ("recraft", "{}"),
            ("black-forest-labs/flux-2-pro", "{}"), ("magic-art_7_0", #"{"n":4}"#),
            ("6b645e3a-d64f-4341-a6d8-7a3690fbf042", #"{"size":"1024x1024","n":1}"#),
            (
                "stable-diffusion-xl-1024-v1-0",
                #"{"size":"1024x1024","samples":1,"cfg_scale":7,"steps":30,"seed":0}"#
            ),
            ("gemini-3-pro-image-preview", #"{"imageSize":"1K"}"#),
            ("gemini-3.1-flash-image-preview", #"{"imageSize":"1K"}"#),
            ("qwen-image-plus", #"{"size":"1328*1328"}"#), ("a-model-of-tomorrow", "{}"),
        ])
    func `what a model requires is sent and nothing else`(_ model: String, _ expected: String) throws {
        #expect(try sent("", model: model) == expected)
    }

    @Test(
        arguments: [
            ("dall-e-3", "1792x1024", #""size":"1792x1024""#), ("dall-e-3", "16:9", #""size":"1792x1024""#),
            ("dall-e-2", "1:1", #""size":"1024x1024""#), ("gpt-image-1", "3:2", #""size":"1536x1024""#),
            ("gpt-image-2", "1536x864", #""size":"1536x864""#),
            ("gpt-image-2", "16:9", #""size":"1536x864""#),
            ("gpt-image-2", "2:3", #""size":"1024x1536""#), ("gpt-image-2", "2K", #""size":"2048x2048""#),
            ("black-forest-labs/flux-2-pro", "1024x1024", #""aspect_ratio":"1:1""#),
            ("black-forest-labs/flux-2-pro", "1024x1536", #""aspect_ratio":"2:3""#),
            ("black-forest-labs/flux-2-pro", "1792x1024", #""aspect_ratio":"16:9""#),
            ("black-forest-labs/flux-2-pro", "16:9", #""aspect_ratio":"16:9""#),
            (
                "black-forest-labs/flux-1.1-pro", "1024x512",
                #""aspect_ratio":"custom","width":1024,"height":512"#
            ),
            ("magic-art", "16:9", #""aspect_width":7,"aspect_height":4"#),
            ("magic-art", "1024x1536", #""aspect_width":2,"aspect_height":3"#),
            ("gemini-3-pro-image-preview", "1024x1024", #""imageSize":"1K""#),
            ("gemini-3-pro-image-preview", "2048x2048", #""imageSize":"2K""#),
            ("gemini-3-pro-image-preview", "1792x1024", #""imageSize":"2K""#),
            ("gemini-3-pro-image-preview", "4k", #""imageSize":"4K""#),
            ("gemini-3.1-flash-image-preview", "512x512", #""imageSize":"512","aspectRatio":"1:1""#),
            ("gemini-3.1-flash-image-preview", "21:9", #""imageSize":"1K","aspectRatio":"21:9""#),
            ("qwen-image-max", "1024x1024", #""size":"1328*1328""#),
            ("qwen-image-max", "1664x928", #""size":"1664*928""#),
            ("qwen-image-max", "1664*928", #""size":"1664*928""#),
            ("qwen-image-max", "1024x1792", #""size":"928*1664""#),
            ("qwen-image-max", "4:3", #""size":"1472*1104""#),
            ("stable-diffusion-xl-1024-v1-0", "1216x832", #""size":"1216x832""#),
            ("a-model-of-tomorrow", "7x7", #""size":"7x7""#),
        ])
    func `a size is said as the model takes it`(_ model: String, _ size: String, _ expected: String) throws {
        #expect(try sent(#""size":"\#(size)""#, model: model).contains(expected))
    }

    @Test(
        arguments: [
            ("dall-e-3", "512x512", "'1024x1024', '1024x1792', '1792x1024'"),
            ("gpt-image-1", "16:9", "'1024x1024', '1024x1536', '1536x1024'"),
            ("gpt-image-1", "2K", "'1024x1024', '1024x1536', '1536x1024'"),
            ("gpt-image-2", "1000x1000", "multiples of 16"), ("gpt-image-2", "512x512", "655360"),
            ("gpt-image-2", "3840x1024", "3:1"), ("gpt-image-2", "4096x2048", "3840"),
            ("black-forest-labs/flux-2-pro", "1024x512", "'16:9'"),
            ("black-forest-labs/flux-2-pro", "2K", "'16:9'"),
            ("black-forest-labs/flux-1.1-pro", "1000x500", "256 to 2048 in steps of 32"),
            ("magic-art", "10:1", "'7'"), ("qwen-image-max", "1024x1536", "'1664*928'"),
            ("gemini-3-pro-image-preview", "16:9", "'1K', '2K', '4K'"),
            ("gemini-3-pro-image-preview", "512", "'1K', '2K', '4K'"),
            ("gemini-3.1-flash-image-preview", "1000x900", "'21:9'"),
            ("gemini-3.1-flash-image-preview", "5000x5000", "'4K'"),
            ("6b645e3a-d64f-4341-a6d8-7a3690fbf042", "1536x1024", "'1024x768'"),
            ("dall-e-2", "large", "'256x256'"), ("dall-e-2", "0x0", "'256x256'"),
            ("dall-e-2", "99999999999999999999x1", "'256x256'"),
        ])
    func `a size that a model lacks is refused with those it has`(
        _ model: String, _ size: String, _ list: String
    ) throws {
        let failure = #expect(throws: Failure.self) {
            try Self.plan(#"{"prompt":"a cat","size":"\#(size)"}"#, model: model)
        }
        #expect(failure?.kind == .invalidRequest && failure?.parameter == "size")
        #expect(failure?.message.contains(list) == true, "\(failure?.message ?? "")")
    }

    @Test(
        arguments: [
            ("dall-e-3", #""quality":"hd","style":"natural""#, #"{"quality":"hd","style":"natural"}"#),
            ("dall-e-3", #""quality":"high""#, #"{"quality":"hd"}"#),
            ("gpt-image-1-mini", #""quality":"hd""#, #"{"quality":"high"}"#),
            (
                "gpt-image-1",
                #""background":"transparent","output_format":"webp","output_compression":50,"n":2"#,
                #"{"n":2,"quality":"medium","output_format":"webp","output_compression":50,"background":"transparent"}"#
            ),
            (
                "black-forest-labs/flux-2-pro", #""output_format":"jpeg","output_compression":50"#,
                #"{"output_format":"jpg","output_quality":50}"#
            ),
            (
                "6b645e3a-d64f-4341-a6d8-7a3690fbf042",
                #""background":"transparent","negative_prompt":"dogs","seed":7,"guidance_scale":5,"leonardo_contrast":3"#,
                #"{"size":"1024x1024","n":1,"negativePrompt":"dogs","leonardo_guidance_scale":5,"leonardo_seed":7,"#
                    + #""leonardo_transparency":"foreground_only","leonardo_contrast":3}"#
            ),
            (
                "stable-diffusion-xl-1024-v1-0", #""style":"anime","steps":"12","cfg_scale":7.5,"samples":3"#,
                #"{"size":"1024x1024","samples":3,"cfg_scale":7.5,"steps":12,"seed":0,"style_preset":"anime"}"#
            ),
            (
                "recraft", #""task_type":"recraftv4_vector","size":"1024x1024""#,
                #"{"size":"1:1","task_type":"recraftv4_vector"}"#
            ),
            (
                "black-forest-labs/flux-dev", #""megapixels":0.25,"go_fast":"true""#,
                #"{"go_fast":true,"megapixels":"0.25"}"#
            ),
            ("black-forest-labs/flux-pro", #""width":"512","height":768"#, #"{"aspect_ratio":"2:3"}"#),
            (
                "gemini-3.1-flash-image-preview", #""aspect_ratio":"16:9","imageSize":"2K""#,
                #"{"imageSize":"2K","aspectRatio":"16:9"}"#
            ),
            ("gpt-image-2", #""output_compression":100"#, #"{"size":"1024x1024","quality":"medium"}"#),
            (
                "a-model-of-tomorrow", #""n":2,"quality":"high","glow":{"a":1},"imageUrl":"x""#,
                #"{"n":2,"quality":"high","glow":{"a":1}}"#
            ),
        ])
    func `members reach the model under its names`(
        _ model: String, _ given: String, _ expected: String
    ) throws {
        #expect(try sent(given, model: model) == expected)
    }

    @Test(
        arguments: [
            ("dall-e-3", #""style":"anime""#, "style", "'vivid', 'natural'"),
            ("gpt-image-2", #""background":"transparent""#, "background", "'auto', 'opaque'"),
            ("gpt-image-2", #""output_compression":80"#, "output_compression", "jpeg"),
            ("black-forest-labs/flux-2-pro", #""output_format":"webp""#, "output_format", "'png', 'jpg'"),
            ("black-forest-labs/flux-2-pro", #""steps":51"#, "steps", "50"),
            ("black-forest-labs/flux-2-pro", #""guidance":"strong""#, "guidance", "a number"),
            (
                "black-forest-labs/flux-2-pro", #""prompt_upsampling":"maybe""#, "prompt_upsampling",
                "a boolean"
            ),
            ("black-forest-labs/flux-pro", #""width":512"#, "height", "belong together"),
            ("black-forest-labs/flux-pro", #""aspect_ratio":"wide""#, "aspect_ratio", "'16:9'"),
            ("recraft", #""task_type":"recraftv9""#, "task_type", "recraftv3"),
            ("stable-diffusion-xl-1024-v1-0", #""samples":11"#, "samples", "maximum of 10"),
            (
                "6b645e3a-d64f-4341-a6d8-7a3690fbf042", #""leonardo_image_prompts":["a","b","c","d","e"]"#,
                "leonardo_image_prompts", "at most 4"
            ),
        ])
    func `a value that a model lacks is refused`(
        _ model: String, _ given: String, _ parameter: String, _ words: String
    ) throws {
        let failure = #expect(throws: Failure.self) {
            try Self.plan(#"{"prompt":"a cat",\#(given)}"#, model: model)
        }
        #expect(failure?.kind == .invalidRequest && failure?.parameter == parameter)
        #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }

    @Test(
        arguments: [
            ("dall-e-2", #""quality":"hd","user":"me","steps":3"#, ["user", "quality", "steps"]),
            (
                "black-forest-labs/flux-2-pro", #""style":"vivid","background":"opaque""#,
                ["style", "background"]
            ),
            ("recraft", #""style":"vivid""#, ["style"]), ("magic-art", #""n":1"#, ["n"]),
            ("magic-art", #""n":4"#, []), ("gemini-3-pro-image-preview", #""size":"1792x1024""#, ["size"]),
            ("gemini-2.5-flash-image", #""size":"1024x1024""#, ["size"]),
            ("dall-e-3", #""x-evil: 1\r\nb":1,"":2,"moderation":"low""#, ["moderation"]),
        ])
    func `what a model cannot be told is named`(_ model: String, _ given: String, _ names: [String]) throws {
        #expect(try Self.plan(#"{"prompt":"a cat",\#(given)}"#, model: model).ignored == names)
    }

    @Test(
        arguments: [
            ("dall-e-2", 10, [10]), ("dall-e-3", 3, [nil, nil, nil]), ("gpt-image-1", 1, [1]),
            ("6b645e3a-d64f-4341-a6d8-7a3690fbf042", 10, [4, 4, 2]), ("recraft", 5, [4, 1]),
            ("magic-art", 10, [4]), ("gemini-3-pro-image-preview", 2, [nil, nil]),
            ("a-model-of-tomorrow", 3, [3]),
        ] as [(String, Int, [Int?])])
    func `more pictures than one call makes are several calls`(
        _ model: String, _ count: Int, _ calls: [Int?]
    ) throws {
        let plan = try Self.plan(#"{"prompt":"a cat","n":\#(count)}"#, model: model)
        #expect(plan.callCount == calls.count)
        for (call, expected) in calls.enumerated() {
            let body = try JSONValue(parsing: plan.body(call: call))
            #expect(body["promptObject"]?["n"]?.intValue == expected)
        }
    }

    @Test func `calls of one request have different seeds`() throws {
        let plan = try Self.plan(
            #"{"prompt":"a cat","n":2,"seed":7}"#, model: "black-forest-labs/flux-2-pro")
        #expect(text(plan.body(call: 0)).contains(#""seed":7"#))
        #expect(text(plan.body(call: 1)).contains(#""seed":8"#))
    }

    @Test func `only OpenAI's newer models answer with bytes unasked`() throws {
        #expect(try Self.plan(#"{"prompt":"a"}"#, model: "gpt-image-2").defaultResponseFormat == .base64)
        #expect(try Self.plan(#"{"prompt":"a"}"#, model: "dall-e-3").defaultResponseFormat == .url)
    }

    @Test func `a prompt has its limit`() throws {
        let prompt = String(repeating: "a", count: 4000)
        _ = try Self.plan(#"{"prompt":"\#(prompt)"}"#, model: "gpt-image-2")
        #expect(throws: Failure.self) { try Self.plan(#"{"prompt":"\#(prompt)a"}"#, model: "gpt-image-2") }
    }

    @Test func `a size in pixels is all, and what contradicts it is named`() throws {
        let plan = try Self.plan(
            #"{"prompt":"a cat","size":"1024x1024","aspect_ratio":"16:9","resolution":"4K"}"#,
            model: "gemini-3.1-flash-image-preview")
        let sent = try JSONValue(parsing: plan.body())["promptObject"]
        #expect(sent?["imageSize"] == "1K" && sent?["aspectRatio"] == "1:1")
        #expect(plan.ignored == ["aspect_ratio", "resolution"])
    }

    @Test(arguments: ["stable-diffusion-xl-1024-v1-0", "6b645e3a-d64f-4341-a6d8-7a3690fbf042"])
    func `calls behind the last begin again`(_ model: String) throws {
        let first = try sent(#""seed":7,"n":1"#, model: model)
        #expect(
            try sent(#""seed":7,"n":1"#, model: model, call: 3) == sent(#""seed":10,"n":1"#, model: model))
        #expect(first.contains(#":7"#))
        #expect(try sent(#""n":6"#, model: model, call: 3) == sent(#""n":6"#, model: model, call: 1))
    }
}
