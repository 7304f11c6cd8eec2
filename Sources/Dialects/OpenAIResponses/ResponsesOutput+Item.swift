import Wire

extension ResponsesOutput {
    /// One item of a response's output.
    struct Item: Sendable {
        /// The item's identifier, such as `msg_…`.
        let id: String
        /// What the item is.
        let kind: Kind
        /// How far it has come.
        var status = Status.inProgress
        /// The parts of a message.
        var parts: [Part] = []
        /// The thought, the arguments of a function, the input of a custom tool, or a picture in base64.
        var text = ""
        /// The vendor's proof of a thought.
        var encryptedContent: String?
        /// The identifier by which a call's output refers to it.
        var callID = ""
        /// The tool that a call is for.
        var name = ""
        /// The namespace that the tool is in.
        var namespace: String?

        /// An empty item.
        init(id: String, kind: Kind) {
            self.id = id
            self.kind = kind
        }

        /// The kinds of items that a model answers with.
        enum Kind: Sendable, Equatable {
            case message, reasoning
            /// A picture, as if the model had called OpenAI's tool that paints.
            case image
            case call(ToolCall.Kind)
        }

        /// How far an item has come.
        enum Status: String, Sendable {
            case inProgress = "in_progress"
            case completed, incomplete
        }

        /// One part of a message.
        struct Part: Sendable {
            /// What the part is.
            let kind: Kind
            /// What is said.
            var text = ""
            /// Sources of a text.
            var annotations: [JSONValue] = []

            /// An empty part.
            init(kind: Kind) { self.kind = kind }

            /// The kinds of parts.
            enum Kind: Sendable { case text, refusal }
        }

        /// True when something of the item is told in pieces.
        var hasText: Bool {
            switch kind {
            case .message: !parts.isEmpty
            case .reasoning: !text.isEmpty
            case .call, .image: true
            }
        }
    }
}

extension JSONWriter {
    /// An output item as it is at the moment.
    mutating func responsesItem(_ item: ResponsesOutput.Item) {
        beginObject()
        key("id")
        string(item.id)
        key("type")
        switch item.kind {
        case .message:
            string("message")
            key("status")
            string(item.status.rawValue)
            key("role")
            string("assistant")
            key("content")
            beginArray()
            for part in item.parts { responsesPart(part) }
            endArray()
        case .reasoning:
            // No `status`: the API itself refuses thoughts that come back with one.
            string("reasoning")
            key("summary")
            beginArray()
            if !item.text.isEmpty { responsesSummary(item.text) }
            endArray()
            if let encryptedContent = item.encryptedContent {
                key("encrypted_content")
                string(encryptedContent)
            }
        case .image:
            string("image_generation_call")
            key("status")
            string(item.status.rawValue)
            key("result")
            if item.text.isEmpty { null() } else { string(item.text) }
        case .call(let kind):
            string(kind == .function ? "function_call" : "custom_tool_call")
            key("status")
            string(item.status.rawValue)
            key("call_id")
            string(item.callID)
            key("name")
            string(item.name)
            if let namespace = item.namespace {
                key("namespace")
                string(namespace)
            }
            key(kind == .function ? "arguments" : "input")
            string(item.text)
        }
        endObject()
    }

    /// A part of a message as it is at the moment.
    mutating func responsesPart(_ part: ResponsesOutput.Item.Part) {
        beginObject()
        key("type")
        switch part.kind {
        case .text:
            string("output_text")
            key("text")
            string(part.text)
            key("annotations")
            value(.array(part.annotations))
            key("logprobs")
            value([])
        case .refusal:
            string("refusal")
            key("refusal")
            string(part.text)
        }
        endObject()
    }

    /// The one part of a thought's summary.
    mutating func responsesSummary(_ text: String) {
        beginObject()
        key("type")
        string("summary_text")
        key("text")
        string(text)
        endObject()
    }
}
