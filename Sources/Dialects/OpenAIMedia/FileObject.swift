/// A kept file as its caller is told of it, in whichever API's words.
public struct FileObject: Sendable, Equatable {
    /// Its id.
    public var id: String
    /// Its name as the client gave it.
    public var name: String
    /// What it is for, such as `user_data`.
    public var purpose: String
    /// Its media type.
    public var mediaType: String
    /// How many bytes it has.
    public var count: Int
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    public var created: Int
    /// When it goes away by itself, likewise; nil for never.
    public var expires: Int?

    /// Makes one.
    public init(
        id: String, name: String, purpose: String, mediaType: String, count: Int, created: Int, expires: Int?
    ) {
        self.id = id
        self.name = name
        self.purpose = purpose
        self.mediaType = mediaType
        self.count = count
        self.created = created
        self.expires = expires
    }
}
