/// Reads JSON as models write it, and gives valid JSON for it, as it comes.
public struct LenientJSONReader: Sendable {
    /// How far the value has come.
    public enum State: Sendable, Equatable {
        /// Only white space so far.
        case start
        /// Inside the value.
        case open
        /// The value has ended.
        case complete
        /// The text is no JSON, and no repair is unambiguous; says why in a few words.
        case broken(String)
    }

    /// How far the value has come.
    public private(set) var state: State = .start

    /// A reader at the start of a value.
    ///
    /// - Parameter maximumDepth: how many arrays and objects may be nested.
    public init(maximumDepth: Int = 128) {}

    /// Takes bytes up to the end of the one JSON value, and appends valid JSON for them.
    ///
    /// - Returns: how many bytes were consumed, fewer than given when the value is complete or broken.
    public mutating func feed(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) -> Int {
        state = .broken("not read yet")
        return 0
    }

    /// Tells that the text has ended, and closes what is open where that is unambiguous.
    ///
    /// - Parameter closesStrings: whether a string that does not end is closed too.
    /// - Returns: true when the output is now a complete JSON value.
    public mutating func finish(closesStrings: Bool, into output: inout [UInt8]) -> Bool { false }
}
