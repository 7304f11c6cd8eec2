extension RequestField {
    /// The value as the address of an image or the bytes of a file: a `data:` URL is taken apart, any other kept.
    ///
    /// https://www.rfc-editor.org/rfc/rfc2397
    func mediaSource() throws(Failure) -> MediaSource {
        let url = try nonEmptyString()
        guard url.utf8.prefix(5).elementsEqual("data:".utf8) else { return .url(url) }
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")) else {
            throw invalid("the data URL has no comma before its data")
        }
        let head = url[url.utf8.index(url.startIndex, offsetBy: 5)..<comma]
        let words = head.split(separator: ";", omittingEmptySubsequences: false)
        guard words.last == "base64", words.count >= 2 else {
            throw invalid("the data URL is not in base64")
        }
        let mediaType = words[0].isEmpty ? nil : String(words[0])
        return .base64(String(url[url.utf8.index(after: comma)...]), mediaType: mediaType)
    }

    /// The bytes of a file: a `data:` URL, or bare base64 as the reference has it too.
    func fileData() throws(Failure) -> MediaSource {
        switch try mediaSource() {
        case .url(let data): .base64(data, mediaType: nil)
        case let source: source
        }
    }

    /// The value's `prompt_cache_breakpoint`, which marks the end of a stretch worth caching.
    func cacheMarker() throws(Failure) -> CacheMarker? {
        guard let marker = member("prompt_cache_breakpoint") else { return nil }
        _ = try marker.object()
        return CacheMarker(timeToLive: try marker.member("ttl")?.string())
    }
}
