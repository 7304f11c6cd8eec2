import Wire

extension FileContent {
    /// What is read at once, in bytes.
    private static let pieceBytes = 256 << 10

    /// The SHA-256 of all bytes, of which no more than a piece is in memory; it may wait for a disk, see
    /// `ByteSource.read`.
    func sha256() throws(ByteSourceError) -> [UInt8] {
        var hash = SHA256()
        var start = 0
        while start < count {
            let piece = try read(start..<start + Self.pieceBytes)
            hash.update(piece.span)
            start += Self.pieceBytes
        }
        return hash.finish()
    }
}
