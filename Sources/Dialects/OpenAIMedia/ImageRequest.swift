public import Wire

/// A request for pictures as OpenAI's image routes have it, of whichever of the three.
///
/// https://platform.openai.com/docs/api-reference/images
public struct ImageRequest: Sendable, Equatable {
    /// Which route it came by.
    public enum Purpose: Sendable, Equatable { case generation, edit, variation }

    /// How pictures come back.
    public enum ResponseFormat: String, Sendable, CaseIterable { case url, base64 = "b64_json" }

    /// Which route it came by.
    public var purpose: Purpose
    /// The model as the client named it; empty when it named none.
    public var model = ""
    /// What is to be seen; nil where it is missing, as variations have none.
    public var prompt: String?
    /// How many pictures are wanted, 1 to 10; nil when the client did not say.
    public var count: Int?
    /// Width × height, a ratio, or a resolution, as the client wrote it; `auto` is nil.
    public var size: String?
    /// `standard`, `hd`, `low`, `medium`, `high`; `auto` is nil.
    public var quality: String?
    /// `vivid`, `natural`, or a style of the model's own.
    public var style: String?
    /// `transparent`, `opaque`; `auto` is nil.
    public var background: String?
    /// `png`, `jpeg`, `webp`.
    public var outputFormat: String?
    /// 0 to 100.
    public var outputCompression: Int?
    /// How the pictures come back; nil when the client did not say.
    public var responseFormat: ResponseFormat?
    /// The files of the form that are pictures, by their index in `MultipartForm.files`; none for a generation.
    public var pictures: [Int] = []
    /// The file of the form that is the mask, likewise.
    public var mask: Int?
    /// Members of the API that steer nothing at 1min.ai (`moderation`, `input_fidelity`, `user`), by name.
    public var ignorable: [String] = []
    /// Members that the API does not know: parameters of the model's own, by name. Values of a form are strings.
    public var extras = JSONObject()

    /// A request with nothing but its route.
    public init(_ purpose: Purpose) {
        self.purpose = purpose
    }
}
