/// The names of languages as the models that hear them want them.
enum SpokenLanguage {
    /// The language alone, without a region: whisper knows `en` but not `en-US`.
    static func code(_ tag: String) -> String {
        let first = tag.prefix { $0 != "-" }
        return (2...3).contains(first.utf8.count) ? first.lowercased() : tag
    }

    /// The tag with a region that Google wants: as it is where it has one, else that of where most speak it.
    ///
    /// https://cloud.google.com/speech-to-text/docs/speech-to-text-supported-languages
    /// - Returns: nil for a language without a region that is not in the table.
    static func tag(_ tag: String) -> String? {
        if tag.utf8.contains(UInt8(ascii: "-")) { return tag }
        return regions[tag.lowercased()]
    }

    /// What Google is told where the client does not say.
    static let usualTag = "en-US"

    private static let regions = [
        "af": "af-ZA", "am": "am-ET", "ar": "ar-EG", "az": "az-AZ", "bg": "bg-BG", "bn": "bn-BD",
        "bs": "bs-BA",
        "ca": "ca-ES", "cs": "cs-CZ", "da": "da-DK", "de": "de-DE", "el": "el-GR", "en": usualTag,
        "es": "es-ES",
        "et": "et-EE", "eu": "eu-ES", "fa": "fa-IR", "fi": "fi-FI", "fil": "fil-PH", "fr": "fr-FR",
        "gl": "gl-ES",
        "gu": "gu-IN", "he": "iw-IL", "hi": "hi-IN", "hr": "hr-HR", "hu": "hu-HU", "hy": "hy-AM",
        "id": "id-ID",
        "is": "is-IS", "it": "it-IT", "iw": "iw-IL", "ja": "ja-JP", "jv": "jv-ID", "ka": "ka-GE",
        "kk": "kk-KZ",
        "km": "km-KH", "kn": "kn-IN", "ko": "ko-KR", "lo": "lo-LA", "lt": "lt-LT", "lv": "lv-LV",
        "mk": "mk-MK",
        "ml": "ml-IN", "mn": "mn-MN", "mr": "mr-IN", "ms": "ms-MY", "my": "my-MM", "nb": "no-NO",
        "ne": "ne-NP",
        "nl": "nl-NL", "no": "no-NO", "pa": "pa-Guru-IN", "pl": "pl-PL", "pt": "pt-BR", "ro": "ro-RO",
        "ru": "ru-RU", "si": "si-LK", "sk": "sk-SK", "sl": "sl-SI", "sq": "sq-AL", "sr": "sr-RS",
        "su": "su-ID",
        "sv": "sv-SE", "sw": "sw-KE", "ta": "ta-IN", "te": "te-IN", "th": "th-TH", "tl": "fil-PH",
        "tr": "tr-TR",
        "uk": "uk-UA", "ur": "ur-PK", "uz": "uz-UZ", "vi": "vi-VN", "yue": "yue-Hant-HK", "zh": "cmn-Hans-CN",
        "zu": "zu-ZA",
    ]
}
