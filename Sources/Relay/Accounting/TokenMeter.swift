import Dialects
import Tokens
import Wire

/// Counts the tokens of texts and of chat requests for whoever asks outside of an exchange.
public struct TokenMeter: Sendable {
    /// The model to count for where none is named.
    public static let defaultModel = "gpt-4o"

    /// The model that is counted for, as it was named.
    public let model: String
    private let encoding: ModelEncoding
    private var counter: TokenCounter

    /// Nothing counted yet.
    public init(model: String) {
        self.model = model
        encoding = ModelEncoding(model: model)
        counter = TokenCounter(encoding.vocabulary)
    }

    /// Counts a further piece of a text in UTF-8, whose borders may be inside a character.
    public mutating func add(_ bytes: Span<UInt8>) {
        counter.add(bytes)
    }

    /// What was counted so far.
    public var result: Result {
        Result(
            tokens: encoding.tokens(counter.tokens), model: model, encoding: encoding.vocabulary.name,
            isExact: encoding.isExact)
    }

    /// A number of tokens and how it came about.
    public struct Result: Sendable, Equatable {
        /// How many tokens.
        public let tokens: Int
        /// The model that was counted for.
        public let model: String
        /// The vocabulary, such as `o200k_base`.
        public let encoding: String
        /// Whether the model's vendor would count the same; else it is an estimate.
        public let isExact: Bool
    }

    /// Why what looks like a chat request cannot be counted, in a sentence.
    public struct BadRequest: Error, Equatable {
        /// The sentence, which names the member to blame.
        public let message: String
    }

    /// Counts a chat request with its framing; nil where the text is none: it is a JSON object with an array `messages`.
    ///
    /// - Parameter model: counts for another model than the request names.
    /// - Throws: `BadRequest` when the relay would refuse the request.
    public static func count(chatRequest body: [UInt8], model: String?) throws(BadRequest) -> Result? {
        let depth = OpenAIChatRequestDecoder.maximumDepth
        // Without building anything: most JSON files are no requests, and can be large.
        guard let value = try? JSONScanner.value(of: "messages", in: body.span, maximumDepth: depth),
            body[value.lowerBound] == UInt8(ascii: "[")
        else { return nil }
        do throws(Failure) {
            let request = try OpenAIChatRequestDecoder.decode(body)
            let name = model ?? (request.model.isEmpty ? defaultModel : request.model)
            let count = ChatTokens.count(request, model: name)
            return Result(
                tokens: count.tokens, model: name, encoding: ModelEncoding(model: name).vocabulary.name,
                isExact: count.isExact)
        } catch {
            throw BadRequest(message: error.message)
        }
    }
}
