import Dialects

extension ExchangeRecord {
    /// Takes over what is known when the upstream calls start.
    mutating func note(_ chat: ChatPlan) {
        // A name that no list has is the client's text and not kept.
        model = chat.route.isListed ? chat.route.model : Self.unlistedModel
        upstream = chat.route.upstream.name
        upstreamCalls += chat.choiceCount
        isStreamed = chat.isStreamed
    }

    /// Adds the further calls to those that were started at first.
    mutating func note(_ followUp: FollowUp?) {
        upstreamCalls += followUp?.startedCount ?? 0
    }

    /// Takes over what the calls used.
    mutating func note(_ usage: Usage?) {
        guard let usage else { return }
        inputTokens = usage.inputTokens
        outputTokens = usage.outputTokens
        usageIsCounted = usage.origin == .counted
        usageIsEstimated = usage.origin == .estimated
        credits = usage.credits
    }

    /// What stands for a model that no list has.
    static let unlistedModel = "(unlisted)"
}
