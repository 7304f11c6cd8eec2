/// What a client of the older completions API asks for: one request per prompt.
public struct OpenAICompletionsRequest: Sendable, Equatable {
    /// One request per prompt, alike but for the prompt, which is the one turn of a user.
    public var requests: [GenerationRequest]
    /// The prompts in order.
    public var prompts: [String]
    /// How many answers are wanted for each prompt, 1 or more.
    public var choicesPerPrompt: Int
    /// Whether each answer begins with its prompt.
    public var echo: Bool
    /// True when the answers are to be sent piece by piece.
    public var isStreamed: Bool
    /// True when a streamed answer is to end with its token counts.
    public var wantsStreamedUsage: Bool

    /// What each choice begins with, in the order of the choices: those of the first prompt first. Empty without `echo`.
    public var echoes: [String] {
        echo ? prompts.flatMap { repeatElement($0, count: choicesPerPrompt) } : []
    }
}
