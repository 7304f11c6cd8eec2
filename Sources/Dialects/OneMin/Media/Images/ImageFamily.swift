import Wire

/// What a family of image models takes on one of the routes: one row of the table.
struct ImageFamily: Sendable {
    /// Where the row is from.
    enum Source: Sendable {
        /// The model's own page below https://docs.1min.ai/docs/api/ai-for-image.
        case page
        /// No page is known; clients that work send this.
        case clients
        /// No page is known; the page of the model's nearest kin says this.
        case kin

        /// For README.
        var word: String {
            switch self {
            case .page: "page"
            case .clients: "clients"
            case .kin: "kin"
            }
        }
    }

    /// How many pictures a call makes.
    enum Count: Sendable, Equatable {
        /// As many as the member says, 1 to the most; sent always where it is required.
        case upTo(Int, name: String, isRequired: Bool)
        /// So many whatever is asked for; the member says so.
        case always(Int, name: String)
        /// One; there is no member for it.
        case one
    }

    /// Where the pictures that go in stand, behind `imageUrl`.
    enum FurtherPictures: Sendable, Equatable {
        case none
        /// A list.
        case list(String, most: Int)
        /// A member for each.
        case members([String])

        /// How many there may be.
        var most: Int {
            switch self {
            case .none: 0
            case .list(_, let most): most
            case .members(let names): names.count
            }
        }
    }

    /// The models.
    let models: [String]
    /// What README calls them where their identifiers say nothing.
    var title: String?
    /// Where the row is from.
    let source: Source
    /// The most characters of a prompt; nil where the page names none.
    var maximumPrompt: Int?
    /// How size and shape are said.
    let size: ImageSizing
    /// How they are said for single values of `task_type`.
    var sizeOfTask: [String: ImageSizing] = [:]
    /// How many pictures a call makes.
    let count: Count
    /// Where pictures stand behind the first one; for edits.
    var further = FurtherPictures.none
    /// All other members.
    let fields: [ImageField]
    /// Members of any name that begins so are passed on: the page has more of them than are known.
    var openPrefix: String?
    /// Whether `output_compression` goes with JPEG and WebP only.
    var compressesLossyOnly = false
    /// Whether the prompt may have Midjourney's flags.
    var hasFlags = false

    /// The member of this name, whichever way its words are joined, and with or without the vendor's prefix.
    func field(named name: String) -> ImageField? {
        let wanted = Self.plain(name)
        return fields.first { Self.plain($0.name) == wanted }
            ?? openPrefix.flatMap { prefix in
                fields.first { Self.plain($0.name) == Self.plain(prefix) + wanted }
            }
    }

    /// The member that says what one of OpenAI's says.
    func field(for meaning: ImageField.Meaning) -> ImageField? { fields.first { $0.meaning == meaning } }

    /// `negative_prompt` and `negativePrompt` are one name.
    private static func plain(_ name: String) -> String {
        String(decoding: name.utf8.lazy.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self).lowercased()
    }

    /// The row of a model; nil where the table has none.
    static func row(of model: String, for purpose: ImageRequest.Purpose) -> ImageFamily? {
        rows(for: purpose).first { $0.models.contains(model) }
    }

    /// All rows of a route.
    static func rows(for purpose: ImageRequest.Purpose) -> [ImageFamily] {
        switch purpose {
        case .generation: generation
        case .edit: edit
        case .variation: variation
        }
    }
}
