import Wire

/// Writes models as the Anthropic API does.
///
/// https://docs.claude.com/en/api/models-list; the grammar is that of anthropic 2.12.0, `types/model_info.py`, with
/// `input_modalities` and `output_modalities` besides, as in OpenAI's list.
public enum AnthropicModelEncoder {
    /// The body of `GET /v1/models`: one page of the models that chat, since a client of this API calls no others.
    ///
    /// - Throws: `invalidRequest` when the page is to begin or end at a model that is not there.
    public static func list(_ all: [ModelEntry], page: AnthropicPage) throws(Failure) -> [UInt8] {
        let models = all.filter { $0.kinds.contains(.chat) }
        let range = try page.range(in: models)
        let shown = models[range]
        var writer = JSONWriter(capacity: 64 + shown.count * 256)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for model in shown { writer.anthropicModel(model) }
        writer.endArray()
        writer.key("first_id")
        writer.stringOrNull(shown.first?.id)
        writer.key("last_id")
        writer.stringOrNull(shown.last?.id)
        writer.key("has_more")
        writer.bool(page.goesBackwards ? range.lowerBound > 0 : range.upperBound < models.count)
        writer.endObject()
        return writer.bytes
    }

    /// The body of `GET /v1/models/{id}`.
    public static func model(_ model: ModelEntry) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.anthropicModel(model)
        return writer.bytes
    }
}

extension JSONWriter {
    /// One model object; of an unknown release date Anthropic gives the epoch.
    fileprivate mutating func anthropicModel(_ model: ModelEntry) {
        beginObject()
        key("type")
        string("model")
        key("id")
        string(model.id)
        key("display_name")
        string(model.name ?? model.id)
        key("created_at")
        string(CivilTime.iso8601(seconds: model.created ?? 0))
        key("lifecycle")
        string("active")
        key("max_input_tokens")
        intOrNull(model.contextWindow)
        key("max_tokens")
        intOrNull(model.maximumOutputTokens)
        modalities(of: model)
        key("capabilities")
        capabilities(of: model)
        endObject()
    }

    /// What of Anthropic's API can be had with a model through a relay; null where it is not known whether it sees.
    ///
    /// All of them have to be there, and none may be null (`types/model_capabilities.py`). What does not depend on the
    /// model is what the decoder of requests takes: searching is the upstream's, formats are seen to by the relay, and
    /// effort and budgets for thinking are not refused but change nothing.
    private mutating func capabilities(of model: ModelEntry) {
        guard model.kinds.contains(.chat), let acceptsImages = model.acceptsImages else { return null() }
        beginObject()
        capability("batch", false)
        capability("citations", false)
        capability("code_execution", false)
        key("context_management")
        support(false, [])
        key("effort")
        support(
            false,
            [("high", false), ("low", false), ("max", false), ("medium", false), ("xhigh", false)])
        capability("image_input", acceptsImages)
        capability("pdf_input", true)
        key("server_tools")
        support(true, [("code_execution", false), ("web_search", true)])
        capability("structured_outputs", true)
        key("thinking")
        beginObject()
        key("supported")
        bool(false)
        key("types")
        beginObject()
        for (type, isSupported) in [
            ("adaptive", false), ("between_tools", true), ("disabled", true), ("enabled", false),
        ] { capability(type, isSupported) }
        endObject()
        endObject()
        endObject()
    }

    private mutating func capability(_ name: String, _ isSupported: Bool) {
        key(named: name)
        support(isSupported, [])
    }

    private mutating func support(_ isSupported: Bool, _ parts: [(String, Bool)]) {
        beginObject()
        key("supported")
        bool(isSupported)
        for (name, isSupported) in parts { capability(name, isSupported) }
        endObject()
    }

    private mutating func intOrNull(_ number: Int?) {
        if let number { int(number) } else { null() }
    }
}
