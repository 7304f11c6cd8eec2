import Wire

/// What every response object repeats of the request that it answers.
public struct OpenAIResponsesEcho: Sendable, Equatable {
    /// The model's name as the answer gives it; the client's own word unless the relay puts another here.
    public var model: String
    /// The members in the order in which they are written, with OpenAI's defaults where the client said nothing.
    let members: JSONObject
    /// What calls of tools in a namespace are taken apart by.
    let toolNames: ResponsesToolNames

    /// The echo of a request whose members were found right.
    ///
    /// The defaults are those of the reference: https://platform.openai.com/docs/api-reference/responses/object
    init(model: String, members: ResponsesMembers, conversationID: String?, toolNames: ResponsesToolNames) {
        self.model = model
        self.toolNames = toolNames
        var echo = JSONObject()
        func add(_ key: OpenAIResponsesRequestDecoder.Key, _ fallback: JSONValue = .null) {
            echo.members.append(.init(key: key.rawValue, value: members[key] ?? fallback))
        }
        let conversation = conversationID.map { id -> JSONValue in ["id": .string(id)] }
        echo.members.append(.init(key: "conversation", value: conversation ?? .null))
        add(.instructions)
        add(.maximumOutputTokens)
        add(.maximumToolCalls)
        add(.metadata, [:])
        add(.parallelToolCalls, true)
        add(.previousResponseID)
        add(.promptCacheKey)
        add(.reasoning, ["effort": .null, "summary": .null])
        add(.safetyIdentifier)
        echo.members.append(.init(key: "service_tier", value: "default"))
        add(.store, true)
        add(.temperature, 1)
        echo.members.append(.init(key: "text", value: Self.text(members[.text])))
        add(.toolChoice, "auto")
        add(.tools, [])
        add(.topLogprobs, 0)
        add(.topP, 1)
        add(.truncation, "disabled")
        add(.user)
        self.members = echo
    }

    /// `text`, which always has a format.
    private static func text(_ value: JSONValue?) -> JSONValue {
        guard case .object(var text) = value ?? [:] else { return .null }
        if text["format"]?.isNull ?? true { text["format"] = ["type": "text"] }
        return .object(text)
    }
}
