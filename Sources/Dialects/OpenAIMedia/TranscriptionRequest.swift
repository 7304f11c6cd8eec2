public import Wire

/// A request to write down what is said: https://platform.openai.com/docs/api-reference/audio/createTranscription
public struct TranscriptionRequest: Sendable, Equatable {
    /// Which route it came by.
    public enum Purpose: Sendable, Equatable { case transcription, translation }

    /// How the text comes back.
    public enum ResponseFormat: String, Sendable, CaseIterable {
        case json, text, srt, vtt
        case verboseJSON = "verbose_json"
        case diarizedJSON = "diarized_json"
    }

    /// Which route it came by.
    public var purpose: Purpose
    /// The model as the client named it; empty when it named none.
    public var model = ""
    /// The file of the form that is the sound, by its index in `MultipartForm.files`.
    public var file = 0
    /// The format of the sound by its bytes.
    public var format = MediaFormat.mp3
    /// What is spoken, as the client wrote it.
    public var language: String?
    /// Words that may come in it.
    public var prompt: String?
    /// How the text comes back; nil when the client did not say, which means `json`.
    public var responseFormat: ResponseFormat?
    /// 0 to 1.
    public var temperature: Double?
    /// `timestamp_granularities[]`: `word`, `segment`.
    public var granularities: [String] = []
    /// Members of the API that steer nothing at 1min.ai (`chunking_strategy`, `include[]`), by name.
    public var ignorable: [String] = []
    /// Members that the API does not know: parameters of the model's own, by name.
    public var extras = JSONObject()

    /// A request with nothing but its route.
    public init(_ purpose: Purpose) {
        self.purpose = purpose
    }
}
