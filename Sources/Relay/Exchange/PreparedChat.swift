import Dialects

/// A chat request that is ready to be called.
struct PreparedChat: Sendable {
    /// What is needed of it as long as the answer takes.
    let plan: ChatPlan
    /// The calls to be made, one for each choice.
    let calls: [UpstreamRequest]
    /// What of the answer is to be kept; nil for nothing.
    let keeping: AnswerKeeping?
    /// What is to be painted; nil for a chat that writes.
    var painting: Painting?

    /// What a chat paints.
    struct Painting: Sendable {
        /// In the user's words.
        let prompt: String
        /// Fetch the pictures.
        let calls: MediaCalls
        /// What is done with them.
        let showing: PaintingCall.Showing
    }
}
