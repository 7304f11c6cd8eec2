/// Bytes that are not in memory since they are too many: a request body that was put down in a file, or a stored file.
///
/// They do not change and are there as long as the object is. A file goes away with its object where it was made for
/// one request.
public protocol ByteSource: AnyObject, Sendable {
    /// How many bytes there are.
    var count: Int { get }

    /// Reads exactly these bytes.
    ///
    /// It may wait for a disk: to be called away from loops, by way of `Offload` or a transport's own threads. From
    /// several threads at a time.
    func read(_ range: Range<Int>) throws(ByteSourceError) -> [UInt8]
}

/// The bytes cannot be read, for whatever reason the system had.
public struct ByteSourceError: Error, Sendable, Equatable {
    /// Makes one; it carries nothing.
    public init() {}
}
