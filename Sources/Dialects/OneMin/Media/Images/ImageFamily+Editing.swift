import Wire

/// What `IMAGE_EDITOR` and `IMAGE_VARIATOR` take, by family.
///
/// Pages are those below https://docs.1min.ai/docs/api/ai-for-image/image-editor and …/image-variator. No page that is known
/// has a mask: that is a feature of its own, whose members are not known.
extension ImageFamily {
    static let edit = [
        ImageFamily(
            models: ["gpt-image-2"], source: .page, maximumPrompt: 4000, size: .gptImage2,
            count: .upTo(10, name: "n", isRequired: false), fields: gptImage2, compressesLossyOnly: true),
        ImageFamily(
            models: ["gpt-image-1", "gpt-image-1-mini"], source: .page, maximumPrompt: 4000,
            size: .pixels(gptSizes, standard: "1024x1024"), count: .upTo(10, name: "n", isRequired: true),
            fields: [
                gptQuality, gptFormat, compression,
                ImageField("background", .words(["auto", "opaque", "transparent"]), for: .background),
            ]),
        ImageFamily(
            models: ["qwen-image-edit-plus"], source: .page,
            size: .edges("width", "height", .init(range: 512...2048, step: 1)),
            count: .upTo(6, name: "n", isRequired: true), further: .list("additional_images", most: 2),
            fields: [
                ImageField("prompt_extend", .flag), ImageField("negative_prompt", .text),
                ImageField("seed", .integer(0...2_147_483_647), for: .seed),
            ]),
        ImageFamily(
            models: ["gemini-3-pro-image-preview"], source: .page, size: .resolution(["1K", "2K", "4K"]),
            count: .one, further: .members(["referenceImage1", "referenceImage2"]), fields: gemini),
        ImageFamily(
            models: ["stable-diffusion-xl-1024-v1-0"], source: .page, size: .none,
            count: .upTo(10, name: "samples", isRequired: true),
            fields: [
                ImageField("cfg_scale", .number(0...35)), ImageField("steps", .integer(10...50)),
                ImageField("seed", .integer(0...4_294_967_295), for: .seed),
                ImageField("image_strength", .number(0...1)),
                ImageField("step_schedule_start", .number(0...1)),
                ImageField("step_schedule_end", .number(0...1)),
            ] + stability),
        // Their pages say that they edit, but their members for it are not known: those that paint are taken.
        ImageFamily(
            models: ["black-forest-labs/flux-2-pro", "black-forest-labs/flux-2-max"], source: .kin,
            size: .ratios("aspect_ratio", fluxRatios), count: .one, fields: flux2(steps: 15...50)),
        ImageFamily(
            models: ["black-forest-labs/flux-2-flex"], source: .kin,
            size: .ratios("aspect_ratio", fluxRatios),
            count: .one, fields: flux2(steps: 6...50)),
        ImageFamily(
            models: ["black-forest-labs/flux-2-dev"], source: .kin, size: .ratios("aspect_ratio", fluxRatios),
            count: .one, fields: flux2Dev),
    ]

    static let variation = [
        ImageFamily(
            models: ["dall-e-2"], source: .page, size: .pixels(["1024x1024", "512x512", "256x256"]),
            count: .upTo(10, name: "n", isRequired: false), fields: []),
        ImageFamily(
            models: magicArt7 + magicArt6 + magicArt5, source: .page,
            size: .sides("aspect_width", "aspect_height", [1, 2, 3, 4, 5, 7]), count: .always(4, name: "n"),
            fields: [mode, ImageField("isNiji6", .flag), ImageField("maintainModeration", .flag)]),
        ImageFamily(
            models: ["clipdrop"], source: .clients, size: .none,
            count: .upTo(10, name: "n", isRequired: false),
            fields: []),
    ]
}
