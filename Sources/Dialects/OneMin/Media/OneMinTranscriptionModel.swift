import Wire

/// What one of 1min.ai's models that write down what is said takes, for one of the two routes.
struct OneMinTranscriptionModel: Sendable {
    /// What a model wants to know of the language.
    enum Language: Sendable {
        /// Nothing.
        case none
        /// ISO 639-1 as `language`; absent, the model finds out.
        case code
        /// BCP 47 with a region as `language`, always.
        case tag
        /// `originalLanguage` and `targetLanguage`, always.
        case pair
    }

    /// The identifiers at 1min.ai.
    let ids: [String]
    /// Which route the row is for.
    var purpose = TranscriptionRequest.Purpose.transcription
    /// Whether identifiers are only how the model's begins.
    var isFamily = false
    /// What it wants to know of the language.
    var language = Language.none
    /// Whether it takes `prompt` and `temperature`.
    var isSteered = false
    /// What `response_format` to send; nil where there is none.
    var sentFormat: SentFormat?
    /// The formats of sound.
    var sounds = documentedSounds
    /// The longest sound, in bytes.
    var maximumBytes = OneMinAsset.maximumBytes
    /// The parameters of the model's own.
    var extras: [OneMinExtra] = []

    /// What goes into `response_format`.
    enum SentFormat: Sendable {
        /// What the client asked for, which the model can do all of but `diarized_json`.
        case asAsked
        /// `text`, always.
        case text
    }

    /// The forms that the answer can be made of.
    var responseFormats: [TranscriptionRequest.ResponseFormat] {
        if case .asAsked? = sentFormat { [.json, .text, .srt, .vtt, .verboseJSON] } else { [.json, .text] }
    }

    /// What 1min.ai's pages name; an Opus sound is sent as the Ogg file that it is.
    static let documentedSounds: [MediaFormat] = [.flac, .m4a, .mp3, .mp4, .ogg, .opus, .wav, .webm]

    /// What Alibaba's page adds: https://www.alibabacloud.com/help/en/model-studio/qwen-speech-recognition
    private static let qwenSounds = documentedSounds + [.aac, .aiff, .amr, .matroska]

    /// One row per model and route. Pages are those under https://docs.1min.ai/docs/api/ai-for-audio/.
    static let all = [
        // speech-to-text/whisper-1. An old copy has `text` alone for the format; clients send all of OpenAI's.
        OneMinTranscriptionModel(
            ids: ["whisper-1"], language: .code, isSteered: true, sentFormat: .asAsked, maximumBytes: 25 << 20
        ),
        // No page is known; a client sends this to every model that writes.
        OneMinTranscriptionModel(ids: ["gpt-4o-transcribe", "gpt-4o-transcribe-diarize"], sentFormat: .text),
        // speech-to-text/latest-short says that the language is required; the others are Google's as well.
        OneMinTranscriptionModel(
            ids: [
                "latest_long", "latest_short", "phone_call", "telephony", "telephony_short",
                "medical_dictation",
                "medical_conversation",
            ], language: .tag),
        // speech-to-text/elevenlabs-speech-to-text
        OneMinTranscriptionModel(ids: ["elevenlabs-speech-to-text"]),
        // speech-to-text/qwen3-asr-flash
        OneMinTranscriptionModel(
            ids: ["qwen3-asr-flash"], language: .code, sounds: qwenSounds, maximumBytes: 10 << 20,
            extras: [OneMinExtra("enable_itn", .flag)]),
        // audio-translator/whisper-1: into English only.
        OneMinTranscriptionModel(
            ids: ["whisper-1"], purpose: .translation, isSteered: true, sentFormat: .asAsked,
            maximumBytes: 25 << 20),
        // audio-translator/gemini-…, a list that changes.
        OneMinTranscriptionModel(
            ids: ["gemini-"], purpose: .translation, isFamily: true, language: .pair,
            extras: [
                OneMinExtra("originalLanguage"), OneMinExtra("targetLanguage"), OneMinExtra("domain"),
                OneMinExtra("tone"), OneMinExtra("writingStyle"),
            ]),
    ]

    /// The row of a model for a route; nil for one that 1min.ai has newly.
    static func row(_ id: String, for purpose: TranscriptionRequest.Purpose) -> OneMinTranscriptionModel? {
        all.first { row in
            row.purpose == purpose && row.ids.contains { row.isFamily ? id.hasPrefix($0) : id == $0 }
        }
    }

    /// The models that can give an answer of a form, for a route.
    static func ids(
        giving format: TranscriptionRequest.ResponseFormat, for purpose: TranscriptionRequest.Purpose
    ) -> [String] {
        all.filter { $0.purpose == purpose && $0.responseFormats.contains(format) }.flatMap(\.ids)
    }
}
