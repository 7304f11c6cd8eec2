import Wire

/// What `IMAGE_GENERATOR` takes, by family.
///
/// Pages are those below https://docs.1min.ai/docs/api/ai-for-image/image-generator, read in October 2026 from stored copies.
/// A member with a standard is required: without it the call fails with `MISSING_REQUIRED_FIELDS`.
extension ImageFamily {
    static let generation: [ImageFamily] = openAI + flux + midjourney + google + others

    /// `quality` of gpt-image is called optional on its page, yet its absence was seen to be refused.
    static let gptQuality = ImageField(
        "quality", .words(["low", "medium", "high"]), standard: "medium", for: .quality,
        translating: ["standard": "medium", "hd": "high"])
    static let gptFormat = ImageField("output_format", .words(["png", "jpeg", "webp"]), for: .outputFormat)
    static let compression = ImageField("output_compression", .integer(0...100), for: .outputCompression)
    static let gptSizes = ["1024x1024", "1024x1536", "1536x1024"]

    private static let gptImage1 = [
        gptQuality, gptFormat, compression,
        ImageField("background", .words(["opaque", "transparent"]), for: .background),
    ]

    private static let openAI = [
        ImageFamily(
            models: ["gpt-image-2"], source: .page, maximumPrompt: 4000, size: .gptImage2,
            count: .upTo(10, name: "n", isRequired: false), fields: gptImage2, compressesLossyOnly: true),
        ImageFamily(
            models: ["gpt-image-1"], source: .page, size: .pixels(gptSizes),
            count: .upTo(10, name: "n", isRequired: false),
            fields: gptImage1 + [ImageField("style", .text, for: .style)]),
        ImageFamily(
            models: ["gpt-image-1-mini"], source: .page, size: .pixels(gptSizes),
            count: .upTo(10, name: "n", isRequired: false), fields: gptImage1),
        ImageFamily(
            models: ["dall-e-3"], source: .page, size: .pixels(["1024x1024", "1024x1792", "1792x1024"]),
            count: .one,
            fields: [
                ImageField(
                    "quality", .words(["standard", "hd"]), for: .quality,
                    translating: ["low": "standard", "medium": "standard", "high": "hd"]),
                ImageField("style", .words(["vivid", "natural"]), for: .style),
            ]),
        ImageFamily(
            models: ["dall-e-2"], source: .page, size: .pixels(["1024x1024", "512x512", "256x256"]),
            count: .upTo(10, name: "n", isRequired: false), fields: []),
    ]

    static let gptImage2 = [
        gptQuality, gptFormat, compression,
        ImageField("background", .words(["auto", "opaque"]), for: .background),
    ]

    private static let others = [
        ImageFamily(
            models: ["stable-diffusion-xl-1024-v1-0"], source: .page,
            size: .pixels(
                [
                    "1024x1024", "1152x896", "1216x832", "1344x768", "1536x640", "896x1152", "832x1216",
                    "768x1344", "640x1536",
                ], standard: "1024x1024"),
            count: .upTo(10, name: "samples", isRequired: true),
            fields: [
                ImageField("cfg_scale", .number(0...35), standard: 7),
                ImageField("steps", .integer(10...50), standard: 30),
                ImageField("seed", .integer(0...4_294_967_295), standard: 0, for: .seed),
            ] + stability),
        ImageFamily(
            models: [
                "6b645e3a-d64f-4341-a6d8-7a3690fbf042", "b24e16ff-06e3-43eb-8d33-4416c2d75876",
                "e71a1c2f-4f80-4800-934f-2c68979d8cc8", "1e60896f-3c26-4296-8ecc-53e2afecc132",
                "aa77f04e-3eec-4034-9c07-d0f619684628", "5c232a9e-9061-4777-980a-ddc8e65647c6",
                "2067ae52-33fd-4a82-bb92-c2c55e7d2786",
            ],
            title:
                "Leonardo: Phoenix, Lightning XL, Anime XL, Diffusion XL, Kino XL, Vision XL, Albedo Base XL",
            source: .page,
            // The page says that there is a size; clients that work send these three.
            size: .pixels(["1024x1024", "1024x768", "768x1024"], standard: "1024x1024"),
            count: .upTo(4, name: "n", isRequired: true), fields: leonardo, openPrefix: "leonardo_"),
        ImageFamily(
            models: ["recraft"], source: .page, size: .pixels(recraftSizes),
            // Recraft's own documentation has more ratios than the two that 1min.ai's page names as examples.
            sizeOfTask: [
                "recraftv4": .pixels(["1024x1024"]), "recraftv4_pro": .pixels(["1024x1024"]),
                "recraftv4_vector": .ratios("size", vectorRatios),
                "recraftv4_pro_vector": .ratios("size", vectorRatios),
            ],
            count: .upTo(4, name: "n", isRequired: false),
            fields: [
                ImageField(
                    "task_type",
                    .words([
                        "recraftv3", "recraftv2", "recraftv4", "recraftv4_pro", "recraftv4_vector",
                        "recraftv4_pro_vector",
                    ])),
                ImageField("style", .text, for: .style, translating: ["vivid": "", "natural": ""]),
                ImageField("substyle", .text), ImageField("negative_prompt", .text),
            ]),
        ImageFamily(
            models: ["qwen-image-plus", "qwen-image-max"], source: .clients,
            // The first two are those that a refusal of the service listed, the others the model's own.
            size: .pixels(
                ["1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"], standard: "1328*1328"),
            count: .one, fields: []),
    ]

    /// What Stable Diffusion has on both of its pages.
    static let stability = [
        ImageField(
            "clip_guidance_preset",
            .words(["NONE", "FAST_BLUE", "FAST_GREEN", "SIMPLE", "SLOW", "SLOWER", "SLOWEST"])),
        ImageField("sampler", .text),
        ImageField("style_preset", .text, for: .style, translating: ["vivid": "", "natural": ""]),
    ]

    private static let leonardo = [
        ImageField("negativePrompt", .text),
        ImageField("leonardo_guidance_scale", .number(1...20)),
        ImageField("leonardo_num_inference_steps", .integer(10...60)),
        ImageField("leonardo_seed", .integer(0 ... .max), for: .seed),
        // The page spells it so.
        ImageField("leonardo_tilling", .flag),
        ImageField(
            "leonardo_transparency", .words(["disabled", "foreground_only"]), for: .background,
            translating: ["transparent": "foreground_only", "opaque": "disabled"]),
        ImageField(
            "leonardo_preset_style", .text, for: .style, translating: ["vivid": "", "natural": ""]),
        ImageField("leonardo_image_prompts", .pictures(4)),
        ImageField("leonardo_init_image_id", .text),
        ImageField("leonardo_init_strength", .number(0.1...0.9)),
        ImageField("leonardo_fantasy_avatar", .flag),
    ]

    /// https://www.recraft.ai/docs/api-reference/appendix: versions 2 and 3; 1min.ai's page names the first only.
    private static let recraftSizes = [
        "1024x1024", "1365x1024", "1024x1365", "1536x1024", "1024x1536", "1820x1024", "1024x1820",
        "2048x1024",
        "1024x2048", "1434x1024", "1024x1434", "1280x1024", "1024x1280", "1707x1024", "1024x1707",
    ]
    private static let vectorRatios = [
        "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "2:1", "1:2",
    ]

    static let google = [
        ImageFamily(
            models: ["gemini-3.1-flash-image-preview"], source: .page,
            size: .resolution(
                ["512", "1K", "2K", "4K"],
                ratios: [
                    "1:1", "1:4", "1:8", "2:3", "3:2", "3:4", "4:1", "4:3", "4:5", "5:4", "8:1", "9:16",
                    "16:9",
                    "21:9",
                ]), count: .one, fields: gemini),
        ImageFamily(
            models: ["gemini-3-pro-image-preview"], source: .page, size: .resolution(["1K", "2K", "4K"]),
            count: .one, fields: gemini),
        // What it takes besides a prompt is not known, so nothing else is sent.
        ImageFamily(
            models: ["gemini-2.5-flash-image"], source: .clients, size: .none, count: .one, fields: []),
    ]

    static let gemini = [
        ImageField("temperature", .number(0...2)), ImageField("topP", .number(0...1)),
    ]
}
