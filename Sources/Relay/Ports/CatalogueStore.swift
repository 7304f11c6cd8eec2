/// Where the processes of one installation share lists that each of them would otherwise fetch anew.
///
/// Under mod_fcgid and CGI many short-lived processes run; a list that one of them fetched is there for the next. A
/// conformer keeps bytes under a name, as they are: what they mean, how old they may be and whether they can be trusted
/// is for the caller to judge. It never blocks the caller's thread, and may be called from any.
///
/// Nothing here throws: without a store everything works but for more fetches, so a conformer tells the log once what
/// is wrong with it, and goes on as if it were empty.
///
/// Names are 1 to 128 letters, digits, `-` and `_`, so that they can be files.
public protocol CatalogueStore: Sendable {
    /// The bytes under a name, as some process saved them last; `nil` when there are none.
    ///
    /// - Parameter maximumBytes: what is longer counts as not there.
    func load(_ name: String, maximumBytes: Int) async -> [UInt8]?

    /// Puts bytes under a name, instead of those there; a `load` sees either all of the old or all of the new ones.
    func save(_ bytes: [UInt8], as name: String) async

    /// Makes the caller the one of all processes who renews the bytes under a name, until `release` or its end.
    ///
    /// Where the store cannot tell, everybody may renew.
    /// - Returns: false when somebody else has the task; whoever gets that must not call `release`.
    func claim(_ name: String) async -> Bool

    /// Ends what `claim` began.
    func release(_ name: String) async
}

/// The store of a process that shares nothing: always empty.
public struct NoCatalogueStore: CatalogueStore {
    /// Makes one; it has no state.
    public init() {}

    /// Finds nothing.
    public func load(_ name: String, maximumBytes: Int) async -> [UInt8]? { nil }

    /// Keeps nothing.
    public func save(_ bytes: [UInt8], as name: String) async {}

    /// Lets everybody.
    public func claim(_ name: String) async -> Bool { true }

    /// Does nothing.
    public func release(_ name: String) async {}
}
