extension Vocabulary {
    /// The numbers of the tokens of a whole text given as UTF-8.
    public func encode(_ bytes: Span<UInt8>) -> [Int] {
        var text: [UInt8] = []
        var repair = UTF8Repair()
        bytes.withUnsafeBufferPointer { repair.append($0, to: &text) }
        repair.finish(&text)
        var tokens: [Int] = []
        let tables = VocabularyTables(self)
        text.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            var previous = 0
            TokenEngine(self).forEachEnd(start, count: bytes.count) { end in
                let rank = tables.rank(
                    of: start + previous, count: end - previous, available: bytes.count - previous)
                tokens.append(Int(rank))
                previous = end
                return true
            }
        }
        return tokens
    }
}
