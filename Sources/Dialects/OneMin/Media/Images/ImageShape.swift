/// The size and shape that a client wants, however it says so.
struct ImageShape: Sendable, Equatable {
    /// Width and height in pixels.
    var pixels: Pair?
    /// Width to height.
    var ratio: Pair?
    /// `512`, `1K`, `2K` or `4K`.
    var resolution: String?
    /// What the client wrote, for the complaint.
    var text: String
    /// Where it wrote it.
    var parameter: String

    /// Two numbers that are not zero.
    struct Pair: Sendable, Equatable {
        var width: Int
        var height: Int

        var quotient: Double { Double(width) / Double(height) }
        var longerEdge: Int { max(width, height) }
        var isSquare: Bool { width == height }

        /// True when a picture of the other shape can stand for one of this.
        func isNear(_ other: Pair) -> Bool { distance(to: other) <= Self.tolerance }

        /// How much one has to be cut to become the other: 0 for the same shape.
        func distance(to other: Pair) -> Double {
            let factor = quotient / other.quotient
            return max(factor, 1 / factor) - 1
        }

        /// Sizes that are multiples of something miss a ratio by about as much: 1792 × 1024 is called 16:9.
        private static let tolerance = 0.03

        /// Reads `1024x1024`, `1664*928` or `16:9`.
        init?(_ text: Substring, separators: String) {
            let parts = text.split(omittingEmptySubsequences: false) { separators.contains($0) }
            guard parts.count == 2, let width = Self.number(parts[0]), let height = Self.number(parts[1])
            else {
                return nil
            }
            self.init(width: width, height: height)
        }

        init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }

        private static func number(_ text: Substring) -> Int? {
            guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
                let number = Int(text), number > 0
            else { return nil }
            return number
        }
    }

    /// The resolutions by their names: the longer edge of a square or wider picture.
    static let resolutions = [("512", 512), ("1K", 1024), ("2K", 2048), ("4K", 4096)]

    /// Reads what a client wrote; nil when that is neither a size, a ratio nor a resolution.
    init?(_ text: String, parameter: String) {
        self.text = text
        self.parameter = parameter
        let trimmed = text.split(separator: " ").joined()[...]
        if let pair = Pair(trimmed, separators: "xX×*") {
            pixels = pair
        } else if let pair = Pair(trimmed, separators: ":") {
            ratio = pair
        } else if let known = Self.resolutions.first(where: { $0.0 == trimmed.uppercased() }) {
            resolution = known.0
        } else {
            return nil
        }
    }

    /// Width and height in pixels.
    init(width: Int, height: Int, parameter: String) {
        pixels = Pair(width: width, height: height)
        text = "\(width)x\(height)"
        self.parameter = parameter
    }

    /// The shape, if there is one.
    var shape: Pair? { pixels ?? ratio }

    /// Adds what is not said yet: a ratio and a resolution may come apart.
    mutating func add(_ other: ImageShape) {
        pixels = pixels ?? other.pixels
        ratio = ratio ?? other.ratio
        resolution = resolution ?? other.resolution
        text += ", \(other.text)"
    }
}
