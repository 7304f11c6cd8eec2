import Dialects
import Tokens
import Wire

/// How a family of models counts a picture.
enum ImageTokens: Sendable, Equatable {
    /// A picture of low detail costs `base`, any other `base` and `perTile` for each square of 512 pixels that it takes
    /// once it fits into 2,048 × 2,048 and its shorter side has at most 768 pixels.
    case tiles(base: Int, perTile: Int)
    /// Each square of 32 pixels costs `hundredths` / 100 tokens; a picture of more than `most` squares is shrunk to that.
    ///
    /// `mostOriginal` takes the place of `most` where the full picture is asked for, or nothing is said.
    case patches(most: Int, mostOriginal: Int, hundredths: Int)
    /// One token for 750 pixels, once the longer side has at most 1,568 pixels, and at most 1,600 tokens.
    case area
    /// One price for small pictures, and for each tile of a large one.
    case geminiTiles
    /// The same for every picture.
    case fixed(Int)

    /// What stands for a picture whose size is not known, such as one behind an address: the example of OpenAI's guide.
    static let assumedSize = (width: 1024, height: 1024)

    /// The tokens of a picture in a request to a model.
    ///
    /// Exact where OpenAI documents the rule for the model, the size is known and the detail is said; `auto` leaves the
    /// choice to OpenAI.
    static func count(_ image: ImagePart, model: String) -> TokenCount {
        let rule = table.value(for: model) ?? Row(.tiles(base: 85, perTile: 170), isDocumented: false)
        var size = image.size
        if size == nil, case .base64(let data, _) = image.source { size = ImageSize(base64: data) }
        let known = size ?? ImageSize(width: assumedSize.width, height: assumedSize.height)
        let tokens = known.map { rule.rule.tokens($0, detail: image.detail) } ?? 0
        let isLow = image.detail == "low"
        let isExact =
            rule.isDocumented && (isLow && rule.rule.hasLowPrice || size != nil && image.detail == "high")
        return TokenCount(tokens: tokens, isExact: isExact)
    }

    /// The tokens of a picture of a size.
    func tokens(_ size: ImageSize, detail: String?) -> Int {
        switch self {
        case .tiles(let base, let perTile):
            return detail == "low" ? base : base + perTile * Self.tiles(size)
        case .patches(let most, let mostOriginal, let hundredths):
            let budget = detail == "high" || detail == "low" ? most : mostOriginal
            return (Self.patches(size, most: budget) * hundredths + 99) / 100
        case .area: return Self.areaTokens(size)
        case .geminiTiles: return Self.geminiTiles(size) * 258
        case .fixed(let tokens): return tokens
        }
    }

    private var hasLowPrice: Bool {
        if case .tiles = self { true } else { false }
    }

    /// A picture of 1024 × 1024 has 4 tiles, one of 2048 × 4096 has 6: the guide's examples.
    private static func tiles(_ size: ImageSize) -> Int {
        var width = Double(size.width)
        var height = Double(size.height)
        let fit = min(1, 2048 / max(width, height))
        width *= fit
        height *= fit
        let shrink = min(1, 768 / min(width, height))
        return ceiling(width * shrink / 512) * ceiling(height * shrink / 512)
    }

    /// A picture of 1024 × 1024 has 1,024 patches, one of 1800 × 2400 is shrunk to 33 × 44: the guide's examples.
    private static func patches(_ size: ImageSize, most: Int) -> Int {
        let width = Double(size.width) / 32
        let height = Double(size.height) / 32
        let all = ceiling(width) * ceiling(height)
        guard all > most else { return all }
        let shrink = (Double(most) / (width * height)).squareRoot()
        // Shrunk further, until one side is a whole number of patches.
        let across = max(1, width * shrink)
        let down = max(1, height * shrink)
        let whole = min(across.rounded(.down) / across, down.rounded(.down) / down)
        return min(most, ceiling(across * whole) * ceiling(down * whole))
    }

    /// https://platform.claude.com/docs/en/build-with-claude/vision#evaluate-image-size
    private static func areaTokens(_ size: ImageSize) -> Int {
        let fit = min(1, 1568 / Double(max(size.width, size.height)))
        return min(1600, ceiling(Double(size.width) * fit * Double(size.height) * fit / 750))
    }

    /// https://ai.google.dev/gemini-api/docs/tokens#multimodal-tokens: 258 up to 384 × 384; else tiles whose side is two
    /// thirds of the picture's shorter one, between 256 and 768 pixels.
    private static func geminiTiles(_ size: ImageSize) -> Int {
        guard max(size.width, size.height) > 384 else { return 1 }
        let side = min(768, max(256, Double(min(size.width, size.height)) / 1.5))
        return ceiling(Double(size.width) / side) * ceiling(Double(size.height) / side)
    }

    /// The next whole number, where a result that should be whole may be a little more.
    private static func ceiling(_ number: Double) -> Int {
        Int((number - 1e-6).rounded(.up))
    }

    /// A rule, and whether the vendor documents it for the family as it stands here.
    private struct Row: Sendable {
        let rule: ImageTokens
        let isDocumented: Bool

        init(_ rule: ImageTokens, isDocumented: Bool = true) {
            self.rule = rule
            self.isDocumented = isDocumented
        }
    }

    /// https://platform.openai.com/docs/guides/images-vision#calculating-costs, as of 2026; what is not documented there
    /// has its source beside it.
    private static let table = ModelPrefixTable<Row>([
        ("gpt-4o-mini", Row(.tiles(base: 2833, perTile: 5667))),
        ("gpt-4.1-mini", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 162))),
        ("gpt-4.1-nano", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 246))),
        ("o4-mini", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 172))),
        // Documented so, but billed as 1.2 and 1.5:
        // https://community.openai.com/t/gpt-5-mini-image-input-token-calculation-discrepancy-with-official-faq-formula/1344040
        ("gpt-5-mini", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 162), isDocumented: false)),
        ("gpt-5-nano", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 246), isDocumented: false)),
        // https://github.com/vybestack/llxprt-code/issues/3477, and measured for gpt-5.5 and gpt-6:
        // https://huggingface.co/datasets/JOHNISKING/image-token-cost
        ("gpt-5.2", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 120), isDocumented: false)),
        ("gpt-5.3", Row(.patches(most: 1536, mostOriginal: 1536, hundredths: 120), isDocumented: false)),
        ("gpt-5.4", Row(.patches(most: 2500, mostOriginal: 10_000, hundredths: 120), isDocumented: false)),
        ("gpt-5.5", Row(.patches(most: 2500, mostOriginal: 10_000, hundredths: 120), isDocumented: false)),
        ("gpt-5.6", Row(.patches(most: 2500, mostOriginal: 10_000, hundredths: 120), isDocumented: false)),
        ("gpt-6", Row(.patches(most: 2500, mostOriginal: .max, hundredths: 120), isDocumented: false)),
        ("gpt-5", Row(.tiles(base: 70, perTile: 140))),
        ("o1", Row(.tiles(base: 75, perTile: 150))), ("o3", Row(.tiles(base: 75, perTile: 150))),
        ("gpt-4o", Row(.tiles(base: 85, perTile: 170))), ("gpt-4.1", Row(.tiles(base: 85, perTile: 170))),
        ("gpt-4.5", Row(.tiles(base: 85, perTile: 170))), ("gpt-4", Row(.tiles(base: 85, perTile: 170))),
        ("chatgpt", Row(.tiles(base: 85, perTile: 170), isDocumented: false)),
        ("claude", Row(.area, isDocumented: false)),
        // https://ai.google.dev/gemini-api/docs/media-resolution
        ("gemini-3", Row(.fixed(1120), isDocumented: false)),
        ("gemini", Row(.geminiTiles, isDocumented: false)),
    ])
}
