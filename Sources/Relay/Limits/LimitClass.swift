/// What is limited apart from each other: each has counts of its own.
public enum LimitClass: String, Sendable, CaseIterable {
    /// Chats, completions, responses, messages and the counting of their tokens.
    case text
    /// Making and changing pictures, chats that paint included.
    case image
    /// Speech and listening.
    case audio
    /// Files, and what is stored of answers and conversations.
    case files
}

/// Whose use is counted.
public enum LimitScope: String, Sendable, CaseIterable {
    /// Everybody who shows the same credential.
    case caller
    /// Everybody who comes from the same address: all of it for IPv4, the first 64 bits for IPv6.
    case address
}
