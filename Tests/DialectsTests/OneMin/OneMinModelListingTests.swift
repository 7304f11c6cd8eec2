import Dialects
import Testing

struct OneMinModelListingTests {
    @Test func `a listing with all that was seen in one`() throws {
        let body = #"""
            {"models":[
              {"uuid":"u","modelId":"gpt-5","name":"GPT-5 - OpenAI","provider":"OpenAI","status":"ACTIVE",
               "features":["UNIFY_CHAT_WITH_AI","CODE_GENERATOR","IMAGE_GENERATOR"],
               "modality":{"INPUT":["text","IMAGE"],"OUTPUT":["text"]},"createdAt":"2026-03-20T08:30:00.000Z",
               "creditMetadata":{"INPUT":1.25,"OUTPUT":10,"CONTEXT":400000,"MAX_OUTPUT_TOKEN":128000}},
              {"modelId":"old","provider":"x","status":"DISABLED"},
              {"modelId":"us.anthropic.claude-v1:0","group":"anthropic"},
              {"modelId":"gpt-5","provider":"again"},
              {"modelId":""},{"name":"no id"},7
            ],"total":7}
            """#
        let models = try OneMinModelListing.decode(Array(body.utf8), kind: .chat)
        var first = ModelEntry(
            id: "gpt-5", provider: "openai", name: "GPT-5 - OpenAI", kinds: [.chat, .imageGeneration])
        first.features = ["UNIFY_CHAT_WITH_AI", "CODE_GENERATOR", "IMAGE_GENERATOR"]
        first.inputModalities = ["text", "image"]
        first.outputModalities = ["text"]
        first.contextWindow = 400_000
        first.maximumOutputTokens = 128_000
        first.created = 1_773_995_400
        #expect(
            models == [
                first, ModelEntry(id: "us.anthropic.claude-v1:0", provider: "anthropic", kinds: [.chat]),
            ])
        #expect(models[0].acceptsImages == true && models[1].acceptsImages == nil)
    }

    @Test func `where no model is active all are given`() throws {
        let body = #"{"models":[{"modelId":"a","status":"DISABLED"},{"modelId":"b","status":"X"}]}"#
        #expect(try OneMinModelListing.decode(Array(body.utf8), kind: .chat).map(\.id) == ["a", "b"])
    }

    @Test(arguments: ["", "{}", "[]", #"{"models":null}"#, "<html>", #"{"models":[{"#])
    func `what is no listing is a failure`(_ body: String) {
        let failure = #expect(throws: Failure.self) {
            try OneMinModelListing.decode(Array(body.utf8), kind: .chat)
        }
        #expect(failure?.kind == .upstreamFailed)
    }

    @Test func `an empty listing is one`() throws {
        #expect(try OneMinModelListing.decode(Array(#"{"models":[],"total":0}"#.utf8), kind: .chat).isEmpty)
    }

    @Test func `each kind has its own listing`() {
        #expect(OneMinModelListing.path(for: .chat) == "/models?feature=UNIFY_CHAT_WITH_AI")
        #expect(
            Set(ModelEntry.Kind.allCases.map(OneMinModelListing.path)).count == ModelEntry.Kind.allCases.count
        )
    }
}

struct OneMinCatalogueTests {
    @Test func `the built-in list has each model once`() {
        #expect(OneMinCatalogue.chat.count == 103)
        #expect(Set(OneMinCatalogue.chat.map(\.id)).count == 103)
        #expect(OneMinCatalogue.chat.allSatisfy { $0.kinds == [.chat] && !$0.provider.isEmpty })
    }

    @Test(
        arguments: [
            ("gpt-4o", "openai", true), ("gpt-5-nano", "openai", false), ("grok-4.7", "xai", nil),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", true),
            ("moonshotai/kimi-k3", "moonshotai", nil),
            ("openai/gpt-oss-20b", "openai", nil), ("meta/muse-spark-1.3", "meta", nil),
        ] as [(String, String, Bool?)])
    func `some of its models`(_ id: String, _ provider: String, _ acceptsImages: Bool?) throws {
        let model = try #require(OneMinCatalogue.chat.first { $0.id == id })
        #expect(model.provider == provider)
        #expect(model.acceptsImages == acceptsImages)
    }

    @Test(
        arguments: [
            (
                .imageGeneration, 30,
                ["gpt-image-1", "dall-e-3", "magic-art_7_0", "qwen-image-max", "recraft"]
            ),
            (.imageEditing, 10, ["gpt-image-2", "qwen-image-edit-plus", "black-forest-labs/flux-2-dev"]),
            (.imageVariation, 5, ["dall-e-2", "clipdrop", "magic-art"]),
            (.speechToText, 12, ["whisper-1", "qwen3-asr-flash", "latest_long"]),
            (.audioTranslation, 3, ["whisper-1", "gemini-2.5-pro", "gemini-2.5-flash"]),
            (.textToSpeech, 5, ["tts-1", "tts-1-hd", "elevenlabs-tts", "google-tts", "qwen3-tts-flash"]),
        ] as [(ModelEntry.Kind, Int, [String])])
    func `models of another kind`(_ kind: ModelEntry.Kind, _ count: Int, _ some: [String]) {
        let models = OneMinCatalogue.models(of: kind)
        #expect(models.count == count)
        #expect(Set(models.map(\.id)).count == count)
        #expect(Set(some).isSubset(of: models.map(\.id)))
        // Another kind has a list of its own, which the service may have given meanwhile.
        #expect(models.allSatisfy { $0.kinds == [kind] })
        #expect(!models.contains { $0.id == "black-forest-labs/flux-schnell" })
    }

    @Test func `the chat models are those of the kind`() {
        #expect(OneMinCatalogue.models(of: .chat) == OneMinCatalogue.chat)
    }
}

struct ModelEntryTests {
    @Test(
        arguments: [
            ([.chat], nil, ["text"]), ([], nil, nil),
            ([.chat, .audioTranslation], nil, ["text"]),
            ([.imageGeneration], ["text"], ["image"]),
            ([.imageGeneration, .imageEditing], ["text", "image"], ["image"]),
            ([.imageVariation], ["image"], ["image"]),
            ([.speechToText, .audioTranslation], ["audio"], ["text"]),
            ([.textToSpeech], ["text"], ["audio"]),
        ] as [(Set<ModelEntry.Kind>, [String]?, [String]?)])
    func `what goes in and out follows from the kinds`(
        _ kinds: Set<ModelEntry.Kind>, _ inputs: [String]?, _ outputs: [String]?
    ) {
        var model = ModelEntry(id: "x", provider: "p", kinds: kinds)
        #expect(model.inputs == inputs)
        #expect(model.outputs == outputs)
        model.inputModalities = ["smell"]
        model.outputModalities = ["noise"]
        #expect(model.inputs == ["smell"] && model.outputs == ["noise"])
    }
}
