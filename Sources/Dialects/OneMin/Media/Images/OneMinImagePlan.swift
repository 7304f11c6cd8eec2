import Wire

/// What 1min.ai is asked for a picture request: which feature, and how many calls.
///
/// Made before anything is uploaded: whatever is wrong with the request for this model is told here. What each model takes
/// stands in the rows of `ImageFamily`; a model that 1min.ai lists and the rows lack gets what the client said, by the
/// client's names.
public struct OneMinImagePlan: Sendable {
    /// How many calls are needed: one, or as many as pictures are wanted where the model makes one at a time.
    public let callCount: Int
    /// The parameters that the model cannot express, in the client's spelling.
    public let ignored: [String]
    /// The form in which pictures come back where the client did not say: OpenAI's own models that have no addresses
    /// answer with the bytes, all others with an address.
    public let defaultResponseFormat: ImageRequest.ResponseFormat

    private let model: String
    private let feature: StaticString
    private let further: ImageFamily.FurtherPictures
    /// `promptObject` without pictures, and with the number of pictures and the seed of the first call.
    private let members: JSONObject
    /// The member that says how many pictures a call makes, how many it can, and how many are wanted.
    private let countMember: (name: String, most: Int, wanted: Int)?
    /// The member whose value differs from call to call.
    private let seedMember: String?

    /// Plans a request.
    ///
    /// - Parameters:
    ///   - request: its `model` is not looked at.
    ///   - model: the identifier at 1min.ai.
    ///   - pictureCount: how many pictures go in.
    /// - Throws: `invalidRequest` or `unsupported` that names the member, and for a size, ratio or quality that the model
    ///   lacks lists what it has.
    public init(_ request: ImageRequest, model: String, pictureCount: Int = 0) throws(Failure) {
        let row = ImageFamily.row(of: model, for: request.purpose)
        let request = try row == nil ? request : Self.withCount(request)
        try Self.checkPictures(request, model: model, row: row, count: pictureCount)
        self.model = model
        feature = request.purpose.feature
        further = row?.further ?? .none
        defaultResponseFormat = model.hasPrefix("gpt-image") ? .base64 : .url
        guard let row else {
            members = Self.unknown(request)
            (callCount, countMember, seedMember) = (1, nil, nil)
            ignored = request.ignorable
            return
        }
        let draft = try ImageDraft(request, model: model, row: row)
        members = draft.members
        ignored = draft.ignored
        let wanted = request.count ?? 1
        switch row.count {
        case .upTo(let most, let name, let isRequired):
            callCount = (wanted + most - 1) / most
            countMember = isRequired || request.count != nil ? (name, most, wanted) : nil
        case .always: (callCount, countMember) = (1, nil)
        case .one: (callCount, countMember) = (wanted, nil)
        }
        seedMember = row.field(for: .seed)?.name
    }

    /// The body of one of the calls, `POST /api/features`; all have the same but for a seed, and the last may make fewer
    /// pictures.
    ///
    /// - Parameters:
    ///   - pictures: asset paths, in the order of the request; as many as `pictureCount` said.
    ///   - call: from 0 to `callCount` - 1; those behind begin again, with seeds of their own, for a chat of several
    ///     answers.
    public func body(pictures: [String] = [], call: Int = 0) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("type")
        writer.string(feature.description)
        writer.key("model")
        writer.string(model)
        writer.key("promptObject")
        writer.beginObject()
        write(pictures, into: &writer)
        for member in members.members {
            writer.key(named: member.key)
            if let countMember, member.key == countMember.name {
                let made = call % callCount * countMember.most
                writer.int(min(countMember.most, countMember.wanted - made))
            } else if member.key == seedMember, call > 0, let seed = member.value.intValue {
                // The same seed again would make the same picture again; zero stands for any.
                writer.int(seed == 0 || seed > .max - call ? seed : seed + call)
            } else {
                writer.value(member.value)
            }
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ pictures: [String], into writer: inout JSONWriter) {
        guard let first = pictures.first else { return }
        writer.key("imageUrl")
        writer.string(first)
        let rest = pictures.dropFirst()
        switch further {
        case .none: break
        case .list(let name, _):
            guard !rest.isEmpty else { return }
            writer.key(named: name)
            writer.value(.array(rest.map { .string($0) }))
        case .members(let names):
            for (name, picture) in zip(names, rest) {
                writer.key(named: name)
                writer.string(picture)
            }
        }
    }

    /// The number of pictures under a vendor's name for it is that of OpenAI.
    private static func withCount(_ request: ImageRequest) throws(Failure) -> ImageRequest {
        var request = request
        for name in ["samples", "num_outputs", "num_images"] {
            guard let extra = request.extras[name] else { continue }
            let number = extra.stringValue.flatMap { JSONNumber(text: $0) }.map(JSONValue.number)
            let count = try RequestField(number ?? extra, named: name).integer(in: 1...10)
            request.count = request.count ?? count
            request.extras[name] = nil
        }
        return request
    }

    private static func checkPictures(
        _ request: ImageRequest, model: String, row: ImageFamily?, count: Int
    ) throws(Failure) {
        if request.mask != nil {
            throw Failure(
                .unsupported,
                "'mask' is not supported: no model of 1min.ai is known to take one; say in the prompt what to change.",
                parameter: "mask", code: "unsupported_parameter")
        }
        let most = request.purpose == .generation ? 0 : 1 + (row?.further.most ?? 0)
        guard count <= most else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'image': expected at most \(most) with '\(model.prefix(64))', but got \(count).",
                parameter: "image", code: "array_above_max_length")
        }
    }

    /// What a client said, for a model of which nothing is known.
    private static func unknown(_ request: ImageRequest) -> JSONObject {
        var members = JSONObject()
        members["prompt"] = request.prompt.map(JSONValue.string)
        members["n"] = request.count.map { .number(JSONNumber($0)) }
        members["size"] = request.size.map(JSONValue.string)
        members["quality"] = request.quality.map(JSONValue.string)
        members["style"] = request.style.map(JSONValue.string)
        members["background"] = request.background.map(JSONValue.string)
        members["output_format"] = request.outputFormat.map(JSONValue.string)
        members["output_compression"] = request.outputCompression.map { .number(JSONNumber($0)) }
        // The pictures are those that came with the request.
        for extra in request.extras.members where extra.key != "imageUrl" { members.members.append(extra) }
        return members
    }
}

extension ImageRequest.Purpose {
    /// The feature's name at 1min.ai.
    fileprivate var feature: StaticString {
        switch self {
        case .generation: "IMAGE_GENERATOR"
        case .edit: "IMAGE_EDITOR"
        case .variation: "IMAGE_VARIATOR"
        }
    }
}
