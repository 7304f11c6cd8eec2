import Dialects

extension Failure {
    /// Whether a vendor that was asked to make something may charge for it although it failed here.
    ///
    /// Not where it says no, and not where it was never reached.
    var mayHaveBeenCharged: Bool {
        switch kind {
        case .upstreamFailed, .answerUnusable, .internalError: true
        case .upstreamTimedOut(let phase): phase != .connect
        default: false
        }
    }
}
