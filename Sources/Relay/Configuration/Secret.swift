/// Text that must not be seen, such as a key or a proxy's URL with a password in it.
///
/// Printing, interpolating, dumping or mirroring it gives `•••`; only `revealed()` gives the text, so a search for that
/// word finds every place where a secret is used.
public struct Secret: Sendable, Equatable {
    private let text: String

    /// Hides `text`.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself. The caller hands it to the upstream and nowhere else.
    public func revealed() -> String {
        text
    }

    /// Compares without stopping at the first difference, so that the time taken tells only the length.
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.text.utf8.count == right.text.utf8.count else { return false }
        var difference: UInt8 = 0
        for (a, b) in zip(left.text.utf8, right.text.utf8) { difference |= a ^ b }
        return difference == 0
    }

    /// What stands in the place of every secret.
    static let mask = "•••"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `•••`.
    public var description: String { Self.mask }

    /// Always `•••`.
    public var debugDescription: String { Self.mask }

    /// A mirror without children, so that `dump` shows no more than `print`.
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: nil) }
}
