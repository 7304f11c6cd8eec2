/// A vocabulary of byte-pair tokens that texts are counted in.
///
/// A handle onto tables in the read-only data of the executable: nothing is read, parsed or built to use one, and all
/// processes of one executable share its pages. The rank tables and the patterns are those of tiktoken,
/// https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py. Special tokens are not known: a text such
/// as `<|endoftext|>` is a text like any other.
public struct Vocabulary: Sendable, Hashable {
    /// Which tables and which pattern.
    enum Encoding: Sendable { case o200kBase, cl100kBase }

    let encoding: Encoding

    /// `o200k_base`, 199,998 tokens: GPT-4o, GPT-4.1, GPT-5 and the o series.
    public static let o200kBase = Vocabulary(encoding: .o200kBase)

    /// `cl100k_base`, 100,256 tokens: GPT-4, GPT-3.5 and their embedding models.
    public static let cl100kBase = Vocabulary(encoding: .cl100kBase)

    /// The name that tiktoken gives it: `o200k_base` or `cl100k_base`.
    public var name: String {
        switch encoding {
        case .o200kBase: "o200k_base"
        case .cl100kBase: "cl100k_base"
        }
    }
}
