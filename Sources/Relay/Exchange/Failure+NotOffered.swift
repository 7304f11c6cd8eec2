import Dialects

extension Failure {
    /// The answer of a path of OpenAI's API that 1min.ai has nothing for: embeddings or moderations.
    ///
    /// A 400 instead of a 404: the path is right, and the SDKs repeat neither.
    static func notOffered(_ route: Route) -> Failure {
        let what = route == .embeddings ? "embeddings" : "moderation"
        return Failure(
            .invalidRequest, "1min.ai has no \(what), so this relay has none to offer.", code: "not_offered")
    }
}
