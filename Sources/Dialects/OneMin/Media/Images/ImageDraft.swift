import Wire

/// The members of `promptObject` for a request, by the row of its model.
struct ImageDraft {
    /// The members but for the pictures; the number of pictures and the seed are those of the first call.
    private(set) var members = JSONObject()
    /// The parameters that the row cannot express, in the client's spelling.
    private(set) var ignored: [String]

    private let row: ImageFamily
    private var values: [String: JSONValue] = [:]
    private var open: [JSONObject.Member] = []
    private var shape: ImageShape?
    private var edges: [String: Int] = [:]

    init(_ request: ImageRequest, model: String, row: ImageFamily) throws(Failure) {
        self.row = row
        ignored = request.ignorable
        var request = request
        if let size = request.size {
            guard let shape = ImageShape(size, parameter: "size") else {
                throw Self.invalidSize(size, parameter: "size", model, row)
            }
            self.shape = shape
        }
        try takeOpenAI(request)
        for extra in request.extras.members { try take(extra, model, row) }
        try takeEdges()
        if request.purpose == .variation {
            if request.prompt != nil { ignore("prompt") }
            request.prompt = nil
        } else if let prompt = request.prompt {
            request.prompt = try takeFlags(of: prompt)
        }
        if let most = row.maximumPrompt, let prompt = request.prompt, prompt.utf16.count > most {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'prompt': '\(model)' takes at most \(most) characters, but there are "
                    + "\(prompt.utf16.count).", parameter: "prompt", code: "string_above_max_length")
        }
        try checkCompression(request)
        members.members += request.prompt.map { [.init(key: "prompt", value: .string($0))] } ?? []
        let task = values["task_type"]?.stringValue
        let sent = try (task.flatMap { row.sizeOfTask[$0] } ?? row.size).members(for: shape, model: model)
        if sent.isPartial { ignore(shape?.parameter ?? "size") }
        members.members += sent.members
        addCount(request)
        for field in row.fields {
            if let value = values[field.name] ?? field.standard {
                members.members.append(.init(key: field.name, value: value))
            }
        }
        members.members += open
    }

    private mutating func addCount(_ request: ImageRequest) {
        switch row.count {
        case .upTo(_, let name, let isRequired):
            guard isRequired || request.count != nil else { return }
            members.members.append(.init(key: name, value: .number(JSONNumber(request.count ?? 1))))
        case .always(let count, let name):
            if let wanted = request.count, wanted != count { ignore("n") }
            members.members.append(.init(key: name, value: .number(JSONNumber(count))))
        case .one: break
        }
    }

    /// Takes OpenAI's own members.
    private mutating func takeOpenAI(_ request: ImageRequest) throws(Failure) {
        try take(request.quality.map(JSONValue.string), as: .quality)
        try take(request.style.map(JSONValue.string), as: .style)
        try take(request.background.map(JSONValue.string), as: .background)
        try take(request.outputFormat.map(JSONValue.string), as: .outputFormat)
        try take(request.outputCompression.map { .number(JSONNumber($0)) }, as: .outputCompression)
    }

    private mutating func take(
        _ value: JSONValue?, as meaning: ImageField.Meaning
    ) throws(Failure) {
        guard let value else { return }
        guard let field = row.field(for: meaning) else { return ignore(meaning.rawValue) }
        let translated = value.stringValue.flatMap { field.translation[$0] }
        guard translated != "" else { return ignore(meaning.rawValue) }
        values[field.name] = try field.value(
            translated.map(JSONValue.string) ?? value, parameter: meaning.rawValue)
    }

    /// Takes a member that OpenAI's API does not have.
    private mutating func take(
        _ extra: JSONObject.Member, _ model: String, _ row: ImageFamily
    ) throws(Failure) {
        let field = RequestField(extra.value, named: String(extra.key.prefix(64)))
        switch extra.key {
        case "aspect_ratio", "aspectRatio", "resolution", "imageSize", "image_size":
            let text = extra.value.intValue.map { String($0) } ?? extra.value.stringValue
            guard let text else { throw field.wrongType(expected: "a string") }
            // That width and height count, and what is so anyway.
            guard text != "custom", text != "auto" else { return }
            guard let shape = ImageShape(text, parameter: extra.key) else {
                throw Self.invalidSize(text, parameter: extra.key, model, row)
            }
            // A size in pixels has a shape and a resolution already.
            if self.shape?.pixels != nil { return ignore(extra.key) }
            if self.shape == nil { self.shape = shape } else { self.shape?.add(shape) }
        case "width", "height", "aspect_width", "aspect_height":
            let number = extra.value.stringValue.flatMap { JSONNumber(text: $0) }.map(JSONValue.number)
            edges[extra.key] = try RequestField(number ?? extra.value, named: extra.key)
                .integer(in: 1...65_535)
        default:
            if let known = row.field(named: extra.key) {
                values[known.name] = try known.value(extra.value, parameter: field.path)
            } else if let prefix = row.openPrefix, extra.key.hasPrefix(prefix), extra.key.isPlainName {
                open.append(extra)
            } else {
                ignore(extra.key)
            }
        }
    }

    /// Width and height that came as members of their own.
    private mutating func takeEdges() throws(Failure) {
        for (width, height) in [("width", "height"), ("aspect_width", "aspect_height")] {
            switch (edges[width], edges[height]) {
            case (nil, nil): continue
            case (let first?, let second?):
                var shape = ImageShape(width: first, height: second, parameter: width)
                if width == "aspect_width" { (shape.ratio, shape.pixels) = (shape.pixels, nil) }
                if self.shape == nil { self.shape = shape } else { self.shape?.add(shape) }
            case (let first, _):
                let missing = first == nil ? width : height
                throw Failure(
                    .invalidRequest,
                    "Missing required parameter: '\(missing)'; '\(width)' and '\(height)' belong together.",
                    parameter: missing, code: "missing_required_parameter")
            }
        }
    }

    /// Takes the flags out of a prompt; they count more than members, which clients often send unasked.
    private mutating func takeFlags(of prompt: String) throws(Failure) -> String {
        let flags = try ImagePromptFlags(prompt, for: row)
        shape = flags.shape ?? shape
        for (field, value) in flags.values { values[field.name] = value }
        flags.ignored.forEach { ignore($0) }
        return flags.prompt
    }

    /// gpt-image-2 refuses to compress what is not JPEG or WebP; OpenAI itself bears 100, which says nothing.
    private mutating func checkCompression(_ request: ImageRequest) throws(Failure) {
        guard row.compressesLossyOnly, let number = values["output_compression"]?.intValue,
            values["output_format"]?.stringValue ?? "png" == "png"
        else { return }
        guard number == 100 else {
            throw Failure(
                .invalidRequest,
                "Invalid value for 'output_compression': PNG is not compressed so; 'output_format' has to be "
                    + "'jpeg' or 'webp'.", parameter: "output_compression", code: "invalid_value")
        }
        values["output_compression"] = nil
    }

    private mutating func ignore(_ name: String) {
        // Names of members come from outside, and these go into a header.
        guard name.isPlainName || name.hasPrefix("--"), !ignored.contains(name) else { return }
        ignored.append(name)
    }

    private static func invalidSize(
        _ text: String, parameter: String, _ model: String, _ row: ImageFamily
    ) -> Failure {
        Failure(
            .invalidRequest,
            "Invalid value for '\(parameter)': '\(text.prefix(64))'; expected width × height such as '1024x1024', "
                + "a ratio such as '16:9', or a resolution such as '1K'. '\(model.prefix(64))' has: "
                + "\(row.size.choices(isQuoted: true)).",
            parameter: parameter, code: "invalid_value")
    }
}

extension String {
    /// True when nothing in it can mean anything in a header.
    fileprivate var isPlainName: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }
}
