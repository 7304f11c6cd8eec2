/// The voices of a model: its own, and which of them stand for those of OpenAI.
struct OneMinVoices: Sendable {
    /// One voice of the model.
    struct Voice: Sendable {
        /// What it is called.
        let name: String
        /// What 1min.ai is sent; the name itself for most models.
        let id: String
    }

    /// The model's own voices.
    let own: [Voice]
    /// OpenAI's names, and the name of the model's voice that sounds nearest.
    let openAI: [String: String]
    /// Whether any identifier of 20 letters and digits is a voice too.
    let takesIdentifiers: Bool

    private init(_ own: [Voice], openAI: [String: String], takesIdentifiers: Bool = false) {
        self.own = own
        self.openAI = openAI
        self.takesIdentifiers = takesIdentifiers
    }

    /// OpenAI's names: https://platform.openai.com/docs/guides/text-to-speech#voice-options
    static let openAINames = [
        "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
        "shimmer",
        "verse",
    ]

    /// What to send for a voice as a client writes it, in any case; nil for one that the model does not have.
    func id(_ name: String) -> String? {
        let wanted = name.lowercased()
        let voice = own.first { $0.name.lowercased() == wanted } ?? openAI[wanted].flatMap(voice)
        if let voice { return voice.id }
        return takesIdentifiers && Self.isIdentifier(name) ? name : nil
    }

    private func voice(_ name: String) -> Voice? { own.first { $0.name == name } }

    /// As ElevenLabs makes them: `EXAVITQu4vr4xnSDxMaL`.
    private static func isIdentifier(_ name: String) -> Bool {
        name.utf8.count == 20 && name.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit }
    }

    /// The six that 1min.ai's page for `tts-1` names; of OpenAI's newer ones those nearest to them.
    static let tts1 = OneMinVoices(
        ["alloy", "echo", "fable", "onyx", "nova", "shimmer"].map { Voice(name: $0, id: $0) },
        openAI: [
            "ash": "echo", "ballad": "fable", "cedar": "onyx", "coral": "nova", "marin": "nova",
            "sage": "shimmer", "verse": "echo",
        ])

    /// ElevenLabs' default voices, which every account has: https://elevenlabs.io/docs/capabilities/voices
    static let elevenLabs = OneMinVoices(
        [
            ("Adam", "pNInz6obpgDQGcFmaJgB"), ("Alice", "Xb7hH8MSUJpSbSDYk0k2"),
            ("Bella", "hpp4J3VqNfWAUOO0d1Us"), ("Bill", "pqHfZKP75CvOlQylNhV4"),
            ("Brian", "nPczCjzI2devNBz1zQrb"), ("Callum", "N2lVS1w4EtoT3dr4eOWO"),
            ("Charlie", "IKne3meq5aSn9XLyUdCD"), ("Chris", "iP95p4xoKVk53GoZ742B"),
            ("Daniel", "onwK4e9ZLuTAKqWW03F9"), ("Eric", "cjVigY5qzO86Huf0OWal"),
            ("George", "JBFqnCBsd6RMkjVDRZzb"), ("Harry", "SOYHLrjzK2X1ezoPC6cr"),
            ("Jessica", "cgSgspJ2msm6clMCkdW9"), ("Laura", "FGY2WhTYpPnrIDTdsKH5"),
            ("Liam", "TX3LPaxmHKxFdv7VOQHJ"), ("Lily", "pFZP5JQG7iQjIQuC4Bku"),
            ("Matilda", "XrExE9yKIg1WjnnlVkGX"), ("Rachel", "21m00Tcm4TlvDq8ikWAM"),
            ("River", "SAz9YHcvj6GT2YYXdXww"), ("Roger", "CwhRBWXzGAHq8TQ4Fs17"),
            ("Sarah", "EXAVITQu4vr4xnSDxMaL"), ("Will", "bIHbv24MWmeRgasZH58o"),
        ].map { Voice(name: $0.0, id: $0.1) },
        openAI: [
            "alloy": "River", "ash": "Eric", "ballad": "Callum", "cedar": "Bill", "coral": "Jessica",
            "echo": "Chris", "fable": "George", "marin": "Sarah", "nova": "Laura", "onyx": "Brian",
            "sage": "Matilda", "shimmer": "Alice", "verse": "Liam",
        ], takesIdentifiers: true)

    /// Those of the stable `qwen3-tts-flash`: https://www.alibabacloud.com/help/en/model-studio/qwen-tts
    ///
    /// Those from `Jada` on speak a dialect, so none of OpenAI's stands for them. `li` is written so.
    static let qwen = OneMinVoices(
        [
            "Cherry", "Ethan", "Nofish", "Jennifer", "Ryan", "Katerina", "Elias", "Jada", "Dylan", "Sunny",
            "li",
            "Marcus", "Roy", "Peter", "Rocky", "Kiki", "Eric",
        ].map { Voice(name: $0, id: $0) },
        openAI: [
            "alloy": "Cherry", "ash": "Ethan", "ballad": "Ryan", "cedar": "Ethan", "coral": "Jennifer",
            "echo": "Ethan", "fable": "Ryan", "marin": "Jennifer", "nova": "Cherry", "onyx": "Ryan",
            "sage": "Katerina", "shimmer": "Jennifer", "verse": "Ryan",
        ])
}
