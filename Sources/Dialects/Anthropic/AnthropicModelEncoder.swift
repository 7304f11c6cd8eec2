import Wire

/// Writes models as the Anthropic API does.
///
/// https://docs.claude.com/en/api/models-list; the grammar is that of anthropic 2.12.0, `types/model_info.py`.
public enum AnthropicModelEncoder {
    /// The body of `GET /v1/models`: one page of the models.
    ///
    /// - Throws: `invalidRequest` when the page is to begin or end at a model that is not there.
    public static func list(_ models: [ModelEntry], page: AnthropicPage) throws(Failure) -> [UInt8] {
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
        key("capabilities")
        null()
        endObject()
    }

    private mutating func intOrNull(_ number: Int?) {
        if let number { int(number) } else { null() }
    }
}
