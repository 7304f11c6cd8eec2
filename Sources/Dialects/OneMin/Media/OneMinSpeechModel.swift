/// What one of 1min.ai's models that speak takes.
struct OneMinSpeechModel: Sendable {
    /// One form of the sound.
    struct Format: Sendable {
        /// OpenAI's word for it.
        let name: String
        /// What 1min.ai is sent.
        let word: String

        init(_ name: String, as word: String? = nil) {
            self.name = name
            self.word = word ?? name
        }

        /// Its media type: `pcm` is raw, 24 kHz, 16 bit, one channel, as OpenAI's is.
        var mediaType: String { Self.mediaTypes[name] ?? OneMinSpeechModel.unknownMediaType }

        private static let mediaTypes = [
            "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac",
            "wav": "audio/wav", "pcm": "audio/pcm",
        ]
    }

    /// The identifiers at 1min.ai.
    let ids: [String]
    /// The member of the prompt object that names the voice.
    var voiceMember = "voice"
    /// The voices; nil where none are known, and any is sent as it is.
    var voices: OneMinVoices?
    /// The member that names the form of the sound; nil where there is none.
    var formatMember: String?
    /// The forms of the sound, the usual one first; empty where nothing is known of them.
    var formats: [Format] = []
    /// Whether there is a `speed` of 0.25 to 4.
    var takesSpeed = false
    /// The longest text, in characters.
    var maximumCharacters: Int?
    /// The parameters of the model's own.
    var extras: [OneMinExtra] = []

    /// The media type of a sound that nothing is known of.
    static let unknownMediaType = "application/octet-stream"

    /// One row per model; where pages of 1min.ai are missing, what clients of it send.
    static let all = [
        // https://docs.1min.ai/docs/api/ai-for-audio/text-to-speech/tts-1, the only page that could be read.
        OneMinSpeechModel(
            ids: ["tts-1", "tts-1-hd"], voices: .tts1, formatMember: "response_format",
            formats: [
                Format("mp3"), Format("opus"), Format("aac"), Format("flac"), Format("wav"), Format("pcm"),
            ],
            takesSpeed: true, maximumCharacters: 4096),
        // Members as a client of 1min.ai sends them; they are those of
        // https://elevenlabs.io/docs/api-reference/text-to-speech/convert, whose longest text is its v2 model's. Of each
        // kind of format this is the one that every plan has.
        OneMinSpeechModel(
            ids: ["elevenlabs-tts"], voiceMember: "voice_id", voices: .elevenLabs,
            formatMember: "output_format",
            formats: [
                Format("mp3", as: "mp3_44100_128"), Format("opus", as: "opus_48000_128"),
                Format("pcm", as: "pcm_24000"),
            ],
            maximumCharacters: 10_000,
            extras: [
                OneMinExtra("model_id"), OneMinExtra("voice_settings", .object), OneMinExtra("language_code"),
                OneMinExtra("optimize_streaming_latency", .integer(0...4)),
            ]),
        // Members as a client of 1min.ai sends them; the sound is WAV always. The longest text is that of
        // https://www.alibabacloud.com/help/en/model-studio/qwen-tts.
        OneMinSpeechModel(
            ids: ["qwen3-tts-flash"], voices: .qwen, formats: [Format("wav")], maximumCharacters: 600,
            extras: [OneMinExtra("language_type")]),
        // No page and no client is known, only that 1min.ai lists it: nothing is sent but what must be, and what the
        // client gives by name. OpenAI's voices are none of Google's.
        OneMinSpeechModel(
            ids: ["google-tts"], extras: [OneMinExtra("languageCode")]),
    ]

    /// The row of a model; nil for one that 1min.ai has newly.
    static func row(_ id: String) -> OneMinSpeechModel? {
        all.first { $0.ids.contains(id) }
    }
}
