/// How many files are kept, and of whom.
public struct FileLimits: Sendable, Equatable {
    /// Bytes of all files of all callers.
    public var maximumBytes = 10 << 30
    /// Bytes of all files of one caller.
    public var callerBytes = 1 << 30
    /// Files of one caller.
    public var callerFiles = 1000

    /// What a worker keeps that is not told otherwise.
    public init() {}
}
