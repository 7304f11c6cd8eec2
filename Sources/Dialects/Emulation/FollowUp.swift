/// Why the model has to answer again, and what it is told.
enum FollowUp: Sendable {
    /// Its call cannot be used, for a reason in a few words.
    case call(String)
    /// It made no call though one was required.
    case missingCall
    /// Its answer does not have the form, for a reason in one sentence.
    case form(String)

    /// The turns that show the model what it said, and say what is wrong with it.
    func turns(after said: String, _ marker: ToolMarker) -> [Turn] {
        let request =
            switch self {
            case .call(let reason):
                "Your call could not be used: \(reason). "
                    + "Write the corrected call in a \(marker.start) block, and nothing else."
            case .missingCall:
                "You made no call that could be used, but one is required. "
                    + "Write it in a \(marker.start) block, and nothing else."
            case .form(let reason):
                "Your answer could not be used: \(reason). "
                    + "Write the whole corrected JSON, and nothing else."
            }
        return [Turn(role: .assistant, text: said), Turn(role: .user, text: request)]
    }
}
