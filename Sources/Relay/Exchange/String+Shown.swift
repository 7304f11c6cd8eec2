extension String {
    /// Client text as an error repeats it: without control characters, cut at 200 characters.
    var shownInError: String {
        let plain = prefix(200).filter {
            $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
        return plain.count < count ? plain + "…" : String(plain)
    }
}
