/// An object that keeps its members in order, duplicates included.
public struct JSONObject: Sendable, Equatable {
    /// A key and its value.
    public struct Member: Sendable, Equatable {
        /// The key with escapes decoded.
        public var key: String
        /// The value.
        public var value: JSONValue

        /// A member.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }

        /// True when keys have the same bytes and values are equal.
        public static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }
    }

    /// The members in the order they were written.
    public var members: [Member]

    /// An object of these members.
    public init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value of a key, nil when it is absent; of duplicates the last wins, as in JavaScript and Python.
    ///
    /// Setting keeps the place of the last one and removes the others; setting nil removes all. Keys are compared byte
    /// by byte, not by canonical equivalence as `String` does.
    public subscript(key: String) -> JSONValue? {
        get {
            var index = members.count
            while index > 0 {
                index -= 1
                if members[index].key.hasSameBytes(as: key) { return members[index].value }
            }
            return nil
        }
        set {
            let last = members.lastIndex { $0.key.hasSameBytes(as: key) }
            if let last {
                if let newValue { members[last].value = newValue }
                var index = 0
                members.removeAll { member in
                    defer { index += 1 }
                    return (index < last || newValue == nil) && index <= last
                        && member.key.hasSameBytes(as: key)
                }
            } else if let newValue {
                members.append(Member(key: key, value: newValue))
            }
        }
    }
}

extension String {
    /// True when both are the same UTF-8; `==` would also accept canonically equivalent strings.
    func hasSameBytes(as other: String) -> Bool {
        ByteSearch.areSame(utf8.span, other.utf8.span)
    }
}
