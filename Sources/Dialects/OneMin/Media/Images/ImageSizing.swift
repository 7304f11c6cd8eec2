import Wire

/// How a family of image models is told size and shape.
enum ImageSizing: Sendable {
    /// It is not.
    case none
    /// One of these sizes in `size`; with a star between the numbers, others are translated to the nearest shape.
    case pixels([String], standard: String? = nil)
    /// Any size in `size` within the bounds of gpt-image-2; always sent.
    case gptImage2
    /// One of these ratios in the member, or `custom` with `width` and `height`.
    case ratios(String, [String], custom: Edges? = nil)
    /// Two small numbers.
    case sides(String, String, [Int])
    /// One of these in `imageSize`, which is always sent, and one of the ratios in `aspectRatio`.
    case resolution([String], ratios: [String] = [])
    /// Width and height in pixels.
    case edges(String, String, Edges)

    /// What edges there are.
    struct Edges: Sendable {
        /// In pixels.
        let range: ClosedRange<Int>
        /// Both edges are multiples of this.
        let step: Int

        func hold(_ pair: ImageShape.Pair) -> Bool {
            [pair.width, pair.height].allSatisfy { range.contains($0) && $0 % step == 0 }
        }
    }

    /// What is sent, and whether a part of the wish could not be said.
    struct Sent {
        var members: [JSONObject.Member] = []
        var isPartial = false
    }

    /// Whether there is a member for what a wish is about, whichever values it takes.
    func says(_ wish: ImageShape) -> Bool {
        switch self {
        case .none: false
        case .resolution(_, let ratios): wish.ratio == nil || !ratios.isEmpty
        default: true
        }
    }

    /// The members for a wish.
    ///
    /// - Throws: `invalidRequest` that lists what there is.
    func members(for wish: ImageShape?, model: String) throws(Failure) -> Sent {
        switch self {
        case .none: return Sent(isPartial: wish != nil)
        case .pixels(let sizes, let standard):
            guard let wish else { return Sent(standard.map { [.init("size", $0)] } ?? []) }
            guard let size = Self.listed(wish, among: sizes, standard: standard ?? sizes.first) else {
                throw refusal(of: wish, model)
            }
            return Sent([.init("size", size)])
        case .gptImage2:
            guard let size = GPTImage2Size.size(for: wish) else { throw refusal(of: wish, model) }
            return Sent([.init("size", size)])
        case .ratios(let name, let ratios, let custom):
            guard let wish else { return Sent() }
            guard let shape = wish.shape else { throw refusal(of: wish, model) }
            if let ratio = Self.nearest(to: shape, among: ratios, separators: ":") {
                return Sent([.init(name, ratio)])
            }
            guard let custom, let pixels = wish.pixels, custom.hold(pixels) else {
                throw refusal(of: wish, model)
            }
            return Sent([
                .init(name, "custom"), .init("width", pixels.width), .init("height", pixels.height),
            ])
        case .sides(let width, let height, let values):
            guard let wish else { return Sent() }
            guard let shape = wish.shape, let sides = Self.sides(near: shape, of: values) else {
                throw refusal(of: wish, model)
            }
            return Sent([.init(width, sides.width), .init(height, sides.height)])
        case .resolution(let resolutions, let ratios):
            return try resolution(resolutions, ratios, for: wish, model: model)
        case .edges(let width, let height, let edges):
            guard let wish else { return Sent() }
            guard let pair = Self.edges(for: wish, within: edges) else { throw refusal(of: wish, model) }
            return Sent([.init(width, pair.width), .init(height, pair.height)])
        }
    }

    private func resolution(
        _ resolutions: [String], _ ratios: [String], for wish: ImageShape?, model: String
    ) throws(Failure) -> Sent {
        guard let wish else { return Sent([.init("imageSize", "1K")]) }
        var resolution = wish.resolution ?? "1K"
        if let edge = wish.pixels?.longerEdge {
            let known = ImageShape.resolutions.filter { resolutions.contains($0.0) }
            guard let fitting = known.first(where: { $0.1 >= edge }) else { throw refusal(of: wish, model) }
            resolution = fitting.0
        }
        guard resolutions.contains(resolution) else { throw refusal(of: wish, model) }
        var sent = Sent([.init("imageSize", resolution)])
        guard let shape = wish.shape else { return sent }
        if let ratio = Self.nearest(to: shape, among: ratios, separators: ":") {
            sent.members.append(.init("aspectRatio", ratio))
        } else if ratios.isEmpty, wish.pixels != nil || shape.isSquare {
            sent.isPartial = !shape.isSquare
        } else {
            throw refusal(of: wish, model)
        }
        return sent
    }

    /// The size of a list that a wish means; nil when there is none.
    private static func listed(_ wish: ImageShape, among sizes: [String], standard: String?) -> String? {
        guard let shape = wish.shape else { return nil }
        let isStarred = sizes.contains { $0.contains("*") }
        if let pixels = wish.pixels {
            let separator = isStarred ? "*" : "x"
            let same = "\(pixels.width)\(separator)\(pixels.height)"
            if sizes.contains(same) { return same }
            guard isStarred else { return nil }
        }
        // Of several squares, the usual one.
        if let standard, let pair = ImageShape.Pair(standard[...], separators: "x*"), shape.isSquare,
            pair.isSquare
        {
            return standard
        }
        return nearest(to: shape, among: sizes, separators: "x*")
    }

    /// The one whose shape is nearest, and near enough.
    private static func nearest(
        to shape: ImageShape.Pair, among texts: [String], separators: String
    ) -> String? {
        var best: (text: String, distance: Double)?
        for text in texts {
            guard let pair = ImageShape.Pair(text[...], separators: separators), pair.isNear(shape) else {
                continue
            }
            let distance = pair.distance(to: shape)
            if best.map({ distance < $0.distance }) ?? true { best = (text, distance) }
        }
        return best?.text
    }

    private static func sides(near shape: ImageShape.Pair, of values: [Int]) -> ImageShape.Pair? {
        var best: ImageShape.Pair?
        for width in values {
            for height in values {
                let pair = ImageShape.Pair(width: width, height: height)
                guard pair.isNear(shape) else { continue }
                if best.map({ pair.distance(to: shape) < $0.distance(to: shape) }) ?? true { best = pair }
            }
        }
        return best
    }

    /// Width and height for pixels as they are, for a ratio with the area of a square of 1024 or of the resolution.
    private static func edges(for wish: ImageShape, within edges: Edges) -> ImageShape.Pair? {
        if let pixels = wish.pixels { return edges.hold(pixels) ? pixels : nil }
        let base = ImageShape.resolutions.first { $0.0 == wish.resolution ?? "1K" }?.1 ?? 1024
        guard let ratio = wish.ratio else {
            let square = ImageShape.Pair(width: base, height: base)
            return edges.hold(square) ? square : nil
        }
        // Step by step, since roots need libm, which nothing else here links.
        let heights = stride(from: 16, through: edges.range.upperBound, by: 16)
        let pairs = heights.lazy.map { height in
            ImageShape.Pair(width: Int(Double(height) * ratio.quotient / 16 + 0.5) * 16, height: height)
        }
        guard let pair = pairs.first(where: { $0.width * $0.height >= base * base * 15 / 16 }) else {
            return nil
        }
        return edges.hold(pair) && pair.isNear(ratio) ? pair : nil
    }

    private func refusal(of wish: ImageShape?, _ model: String) -> Failure {
        let parameter = wish?.parameter ?? "size"
        return Failure(
            .invalidRequest,
            "Invalid value for '\(parameter)': '\((wish?.text ?? "").prefix(64))' is not available with "
                + "'\(model.prefix(64))'. Supported values are: \(choices(isQuoted: true)).",
            parameter: parameter, code: "invalid_value")
    }

    /// What there is, as a list.
    func choices(isQuoted: Bool) -> String {
        func list(_ words: [String]) -> String {
            // A star would be mark-up in README, and means the same.
            let words = words.map { isQuoted ? "'\($0)'" : $0.split(separator: "*").joined(separator: "x") }
            return words.joined(separator: ", ")
        }
        switch self {
        case .none: return "none"
        case .pixels(let sizes, _): return list(sizes)
        case .gptImage2: return GPTImage2Size.rule
        case .ratios(_, let ratios, let custom):
            guard let custom else { return list(ratios) }
            return "\(list(ratios)), width × height of \(custom.words)"
        case .sides(_, _, let values):
            return "ratios of \(list(values.map(String.init))) to one another"
        case .resolution(let resolutions, let ratios):
            return list(resolutions) + (ratios.isEmpty ? "" : "; ratios \(list(ratios))")
        case .edges(_, _, let edges): return "width × height of \(edges.words), ratios"
        }
    }
}

extension ImageSizing.Edges {
    fileprivate var words: String {
        "\(range.lowerBound) to \(range.upperBound)" + (step > 1 ? " in steps of \(step)" : "")
    }
}

extension ImageSizing.Sent {
    fileprivate init(_ members: [JSONObject.Member]) { self.members = members }
}

extension JSONObject.Member {
    fileprivate init(_ key: String, _ value: String) { self.init(key: key, value: .string(value)) }
    fileprivate init(_ key: String, _ value: Int) { self.init(key: key, value: .number(JSONNumber(value))) }
}

/// The sizes of gpt-image-2: no list, but bounds, as its page has them.
private enum GPTImage2Size {
    /// The bounds in words.
    static let rule =
        "width × height, both multiples of 16 and at most 3840, no ratio beyond 3:1, 655360 to 8294400 pixels"

    private static let step = 16
    private static let longestEdge = 3840
    private static let areas = 655_360...8_294_400

    /// The size for a wish; nil when it is out of bounds.
    static func size(for wish: ImageShape?) -> String? {
        guard let wish else { return "1024x1024" }
        let pair = wish.pixels ?? scaled(wish.ratio ?? .init(width: 1, height: 1), to: wish.resolution)
        return isFine(pair) ? "\(pair.width)x\(pair.height)" : nil
    }

    private static func isFine(_ pair: ImageShape.Pair) -> Bool {
        pair.width % step == 0 && pair.height % step == 0 && pair.longerEdge <= longestEdge
            && pair.width <= 3 * pair.height && pair.height <= 3 * pair.width
            && areas.contains(pair.width * pair.height)
    }

    /// A ratio as a size: the longer edge is that of the resolution, or without one 1536, as OpenAI's own sizes have it.
    private static func scaled(_ ratio: ImageShape.Pair, to resolution: String?) -> ImageShape.Pair {
        let named = ImageShape.resolutions.first { $0.0 == resolution }?.1
        let edge = min(named ?? (ratio.isSquare ? 1024 : 1536), longestEdge)
        let other = Double(edge) * Double(min(ratio.width, ratio.height)) / Double(ratio.longerEdge)
        let shorter = Int(other / Double(step) + 0.5) * step
        return ratio.width >= ratio.height
            ? .init(width: edge, height: shorter) : .init(width: shorter, height: edge)
    }
}
