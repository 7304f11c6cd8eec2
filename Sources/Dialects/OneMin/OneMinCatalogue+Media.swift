extension OneMinCatalogue {
    /// The models that do something else than chat, with all that each is known for besides chatting.
    ///
    /// Gathered from the documentation's pages on each feature (https://docs.1min.ai, February to October 2026) and from
    /// listings that relays kept in 2026. What the service listed as disabled is left out, such as
    /// `black-forest-labs/flux-schnell`.
    static let others: [ModelEntry] = mediaRows.flatMap { row in
        row.ids.split(whereSeparator: \.isWhitespace).map { id in
            ModelEntry(id: String(id), provider: row.provider, kinds: row.kinds)
        }
    }

    /// Models that have all but the identifier in common.
    private struct MediaRow {
        let provider: String
        let kinds: Set<ModelEntry.Kind>
        let ids: String

        init(_ provider: String, _ kinds: Set<ModelEntry.Kind>, _ ids: String) {
            self.provider = provider
            self.kinds = kinds
            self.ids = ids
        }
    }

    private static let mediaRows = [
        MediaRow(
            "openai", [.imageGeneration, .imageEditing],
            """
            gpt-image-2 gpt-image-1 gpt-image-1-mini
            """),
        MediaRow(
            "openai", [.imageGeneration],
            """
            dall-e-3
            """),
        MediaRow(
            "openai", [.imageGeneration, .imageVariation],
            """
            dall-e-2
            """),
        MediaRow(
            "black-forest-labs", [.imageGeneration, .imageEditing],
            """
            black-forest-labs/flux-2-pro black-forest-labs/flux-2-max black-forest-labs/flux-2-flex
            black-forest-labs/flux-2-dev
            """),
        MediaRow(
            "black-forest-labs", [.imageGeneration],
            """
            black-forest-labs/flux-2-klein-4b black-forest-labs/flux-1.1-pro black-forest-labs/flux-pro
            black-forest-labs/flux-dev
            """),
        MediaRow(
            "google", [.imageGeneration, .imageEditing],
            """
            gemini-3-pro-image-preview
            """),
        MediaRow(
            "google", [.imageGeneration],
            """
            gemini-3.1-flash-image-preview gemini-2.5-flash-image
            """),
        MediaRow(
            "alibaba", [.imageGeneration],
            """
            qwen-image-plus qwen-image-max
            """),
        MediaRow(
            "alibaba", [.imageEditing],
            """
            qwen-image-edit-plus
            """),
        MediaRow(
            "recraft", [.imageGeneration],
            """
            recraft
            """),
        MediaRow(
            "stability", [.imageGeneration, .imageEditing],
            """
            stable-diffusion-xl-1024-v1-0
            """),
        MediaRow(
            "magic-art", [.imageGeneration, .imageVariation],
            """
            magic-art magic-art_6_1 magic-art_7_0
            """),
        // Phoenix, Lightning XL, Anime XL, Diffusion XL, Kino XL, Vision XL and Albedo Base XL.
        MediaRow(
            "leonardo", [.imageGeneration],
            """
            6b645e3a-d64f-4341-a6d8-7a3690fbf042 b24e16ff-06e3-43eb-8d33-4416c2d75876
            e71a1c2f-4f80-4800-934f-2c68979d8cc8 1e60896f-3c26-4296-8ecc-53e2afecc132
            aa77f04e-3eec-4034-9c07-d0f619684628 5c232a9e-9061-4777-980a-ddc8e65647c6
            2067ae52-33fd-4a82-bb92-c2c55e7d2786
            """),
        MediaRow(
            "clipdrop", [.imageVariation],
            """
            clipdrop
            """),
        MediaRow(
            "openai", [.speechToText, .audioTranslation],
            """
            whisper-1
            """),
        MediaRow(
            "openai", [.speechToText],
            """
            gpt-4o-transcribe gpt-4o-transcribe-diarize
            """),
        MediaRow(
            "elevenlabs", [.speechToText],
            """
            elevenlabs-speech-to-text
            """),
        MediaRow(
            "alibaba", [.speechToText],
            """
            qwen3-asr-flash
            """),
        MediaRow(
            "google", [.speechToText],
            """
            latest_long latest_short phone_call telephony telephony_short medical_dictation
            medical_conversation
            """),
        MediaRow(
            "google", [.audioTranslation],
            """
            gemini-2.5-pro gemini-2.5-flash
            """),
        MediaRow(
            "openai", [.textToSpeech],
            """
            tts-1 tts-1-hd
            """),
        MediaRow(
            "elevenlabs", [.textToSpeech],
            """
            elevenlabs-tts
            """),
        MediaRow(
            "google", [.textToSpeech],
            """
            google-tts
            """),
        MediaRow(
            "alibaba", [.textToSpeech],
            """
            qwen3-tts-flash
            """),
    ]
}
