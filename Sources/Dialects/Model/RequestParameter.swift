/// One parameter that a request carries: the client's word for it, and what it is about.
///
/// An upstream's encoder compares `feature` with what it can express and reports `name` for the rest.
public struct RequestParameter: Sendable, Hashable {
    /// The client's spelling, such as `max_completion_tokens`; never taken from an unknown member, so safe in a header.
    public var name: String
    /// What the parameter is about, whichever dialect named it.
    public var feature: Feature

    /// Pairs a spelling with its meaning.
    public init(name: String, feature: Feature) {
        self.name = name
        self.feature = feature
    }

    /// What a parameter can be about.
    public enum Feature: Sendable, Hashable {
        case temperature, topP, topK, presencePenalty, frequencyPenalty, seed, logitBias
        case logProbabilities, topLogProbabilities
        case maximumOutputTokens, reasoning, verbosity
        case tools, toolChoice, parallelToolCalls, outputFormat
        case outputModalities, audioOutput, prediction
        case metadata, endUser, storage, serviceTier, promptCaching, moderation
        case webSearchLocation
        case truncation
        /// Something that only the dialect's own vendor has.
        case vendorOnly
    }
}
