import Dialects

/// The sizes that every stream is cut into: one, two and three bytes, and not at all.
let chunkSizes = [1, 2, 3, Int.max]

/// The bytes in pieces of a size.
func pieces(_ bytes: [UInt8], size: Int) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
        let end = size >= bytes.count - start ? bytes.count : start + size
        pieces.append(Array(bytes[start..<end]))
        start = end
    }
    return pieces
}

/// The bytes as text.
func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}
