import Wire

/// Flux and Midjourney, whose members are their own from version to version.
extension ImageFamily {
    /// As the page of flux-schnell lists them.
    static let fluxRatios = ["1:1", "16:9", "9:16", "3:2", "2:3", "4:5", "5:4"]
    /// `jpeg` is `jpg` to them.
    private static let jpg = ["jpeg": "jpg"]
    private static let seed = ImageField("seed", .integer(0 ... .max), for: .seed)
    /// OpenAI's number is how good a lossy picture is, as this one.
    private static let outputQuality = ImageField(
        "output_quality", .integer(0...100), for: .outputCompression)
    private static let anyFormat = ImageField(
        "output_format", .words(["webp", "jpg", "png"]), for: .outputFormat, translating: jpg)
    /// The page of flux-schnell has two values, the others name none.
    private static let megapixels = ImageField("megapixels", .text)
    private static let isUnchecked = ImageField("disable_safety_checker", .flag)

    static let flux = [
        ImageFamily(
            models: ["black-forest-labs/flux-2-pro"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios),
            count: .one, fields: flux2(steps: 15...50)),
        ImageFamily(
            models: ["black-forest-labs/flux-2-max"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios),
            count: .one, fields: flux2(steps: 15...50)),
        ImageFamily(
            models: ["black-forest-labs/flux-2-flex"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios), count: .one, fields: flux2(steps: 6...50)),
        ImageFamily(
            models: ["black-forest-labs/flux-2-dev"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios),
            count: .one, fields: flux2Dev),
        ImageFamily(
            models: ["black-forest-labs/flux-2-klein-4b"], source: .clients,
            size: .ratios("aspect_ratio", fluxRatios), count: .one, fields: []),
        ImageFamily(
            models: ["black-forest-labs/flux-1.1-pro"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios, custom: .init(range: 256...2048, step: 32)),
            count: .one,
            fields: [
                ImageField("image_prompt", .picture), outputQuality,
                ImageField("safety_tolerance", .integer(0...5)), ImageField("prompt_upsampling", .flag), seed,
            ]),
        ImageFamily(
            models: ["black-forest-labs/flux-pro"], source: .page,
            size: .ratios(
                "aspect_ratio", fluxRatios,
                custom: .init(range: 256...1440, step: 32)), count: .one,
            fields: [
                ImageField("image_prompt", .picture), ImageField("steps", .integer(1...50)),
                ImageField("guidance", .number(0...50)), ImageField("interval", .number(1...4)),
                ImageField("prompt_upsampling", .flag), seed, anyFormat, outputQuality,
                ImageField("safety_tolerance", .integer(1...5)),
            ]),
        ImageFamily(
            models: ["black-forest-labs/flux-dev"], source: .kin, size: .ratios("aspect_ratio", fluxRatios),
            count: .one,
            fields: [
                anyFormat, outputQuality, ImageField("num_inference_steps", .integer(1...50)),
                ImageField("guidance", .number(0...10)), ImageField("go_fast", .flag), megapixels,
                isUnchecked,
                seed,
            ]),
        // Disabled since September 2026, which the listing of models tells; it may come back.
        ImageFamily(
            models: ["black-forest-labs/flux-schnell"], source: .page,
            size: .ratios("aspect_ratio", fluxRatios), count: .one,
            fields: [
                outputQuality, ImageField("num_inference_steps", .integer(1...4)),
                ImageField("megapixels", .words(["0.25", "1"])),
                ImageField("go_fast", .flag), isUnchecked, seed,
            ]),
    ]

    /// The pages of flux-2-pro, -max and -flex differ by the steps only.
    static func flux2(steps: ClosedRange<Int>) -> [ImageField] {
        [
            ImageField("output_format", .words(["png", "jpg"]), for: .outputFormat, translating: jpg),
            outputQuality, ImageField("steps", .integer(steps)), ImageField("guidance", .number(2...5)),
            ImageField("safety_tolerance", .integer(1...6)), ImageField("prompt_upsampling", .flag), seed,
        ]
    }

    static let flux2Dev = [
        anyFormat, outputQuality, ImageField("num_inference_steps", .integer(1...50)),
        ImageField("guidance", .number(0...10)), ImageField("prompt_strength", .number(0...1)),
        ImageField("go_fast", .flag), megapixels, isUnchecked, seed,
    ]

    static let magicArt5 = ["magic-art", "midjourney"]
    static let magicArt6 = ["magic-art_6_1", "midjourney_6_1"]
    static let magicArt7 = ["magic-art_7_0", "midjourney_7_0"]
    static let mode = ImageField("mode", .words(["fast", "relax"]))

    /// What all versions have; the rows below add their references to other pictures.
    private static let midjourneyFields = [
        mode, ImageField("negativePrompt", .text), ImageField("no", .text), ImageField("isNiji6", .flag),
        ImageField("maintainModeration", .flag), ImageField("image_weight", .number(0.5...2)),
        ImageField("seed", .integer(0...4_294_967_295), for: .seed), ImageField("tile", .flag),
        ImageField("stylize", .integer(0...1000)), ImageField("chaos", .integer(0...100)),
        ImageField("weird", .integer(0...3000)),
    ]
    private static let styleReference = ImageField("style_reference", .text)

    /// Midjourney, which the service calls Magic Art; the older names are those of earlier pages.
    static let midjourney = [
        midjourneyRow(
            magicArt7,
            midjourneyFields + [
                ImageField("omni_reference", .text), ImageField("omni_reference_weight", .number(0.5...2)),
                styleReference,
            ]),
        midjourneyRow(magicArt6, midjourneyFields),
        midjourneyRow(
            magicArt5,
            midjourneyFields + [
                ImageField("character_reference", .text), styleReference,
            ]),
    ]

    private static func midjourneyRow(_ models: [String], _ fields: [ImageField]) -> ImageFamily {
        ImageFamily(
            models: models, source: .page,
            size: .sides("aspect_width", "aspect_height", [1, 2, 3, 4, 5, 6, 7]),
            count: .always(4, name: "n"), fields: fields, hasFlags: true)
    }
}
