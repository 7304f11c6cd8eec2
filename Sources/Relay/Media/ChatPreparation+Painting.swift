import Dialects
import Wire

extension ChatPreparation {
    /// Makes calls for pictures of a chat request whose model paints: one for each choice.
    ///
    /// What the user said last is what is painted; pictures given with it are what is painted on, where the model does
    /// that.
    /// - Throws: whatever is wrong with the request for this model; nothing was paid for then.
    func painting(
        _ draft: ChatDraft, _ route: ModelRouter.Route, _ uploads: MediaCalls.CallCount
    ) async throws(ExchangeStop) -> PreparedChat {
        var request = draft.requests[0]
        guard draft.requests.count == 1 else {
            throw .failure(
                Failure(.unsupported, "A model that paints takes one prompt at a time.", parameter: "prompt"))
        }
        guard let turn = request.turns.last(where: { $0.role == .user }) else {
            throw .failure(
                Failure(
                    .invalidRequest, "A model that paints needs a message of the user.", parameter: "messages"
                ))
        }
        request.turns = [turn]
        do throws(Failure) {
            // Whatever can be told without the files is told before they are uploaded.
            if draft.hasAttachments { _ = try images(request, route) }
        } catch {
            throw .failure(error)
        }
        if draft.hasAttachments { request = try await attachments(route, uploads).resolve([request])[0] }
        do throws(Failure) {
            return try painting(request, draft, route)
        } catch {
            throw .failure(error)
        }
    }

    /// What is to be painted, on the pictures of the request; those that are not uploaded yet have no path.
    private func images(
        _ request: GenerationRequest, _ route: ModelRouter.Route
    ) throws(Failure) -> (plan: OneMinImagePlan, prompt: String, pictures: [String]) {
        var pictures: [String] = []
        var texts: [String] = []
        let origin = request.turns[0].origin
        for part in request.turns[0].parts {
            switch part {
            case .text(let part): texts.append(part.text)
            case .image(let image):
                if case .uploaded(let path) = image.source {
                    pictures.append(path)
                } else {
                    pictures.append("")
                }
            case .document(let document) where document.source.mayBePicture: pictures.append("")
            default:
                throw Failure(
                    .unsupported, "The model `\(route.model)` paints, and takes texts and pictures only.",
                    parameter: origin)
            }
        }
        let prompt = texts.joined(separator: "\n")
        guard prompt.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw Failure(
                .invalidRequest, "There are no words that say what to paint.", parameter: origin,
                code: "empty_prompt")
        }
        let wanted = imageRequest(prompt, request, isEdit: !pictures.isEmpty)
        if wanted.purpose == .edit, !router.kinds(of: route.model).contains(.imageEditing) {
            throw Failure(
                .unsupported, "The model `\(route.model)` paints from words only.", parameter: origin)
        }
        do throws(Failure) {
            let plan = try OneMinImagePlan(wanted, model: route.model, pictureCount: pictures.count)
            return (plan, prompt, pictures)
        } catch {
            var failure = error
            // A chat has neither of these members.
            if failure.parameter == "prompt" || failure.parameter == "image" { failure.parameter = origin }
            throw failure
        }
    }

    private func painting(
        _ request: GenerationRequest, _ draft: ChatDraft, _ route: ModelRouter.Route
    ) throws(Failure) -> PreparedChat {
        var request = request
        let (images, prompt, pictures) = try images(request, route)
        // A text that ends early would break the address in it.
        request.maximumOutputTokens = nil
        request.stopSequences = []
        request.model = route.model
        let calls = MediaCalls(
            upstream: route.upstream, credential: credential, ports: ports, limits: configuration.limits,
            fetch: configuration.fetch, count: MediaCalls.CallCount())
        let upstreamRequests = (0..<draft.choicesPerPrompt).map { choice in
            calls.featureRequest(
                images.body(pictures: pictures, call: choice),
                timeout: route.upstream.settings.mediaTimeouts.image)
        }
        let tokens = PromptTokens(request, model: route.model)
        let (random, prefix) = (ports.random, dialect.toolCallPrefix)
        let keeping = draft.response.flatMap { AnswerKeeping($0, credential: credential, ports: ports) }
        let plan = ChatPlan(
            request, draft.form, emulation: nil, searchesWeb: false, route: route,
            ignored: request.ignorable.map(\.name) + images.ignored,
            prompts: Array(repeating: tokens, count: draft.choicesPerPrompt), streamsUpstream: false,
            echoBytes: 0, followUp: nil, paints: true
        ) { Identifier.make(prefix, random) }
        // Base64 is a third longer, and an answer has no more room than an event.
        let maximum = configuration.limits.eventBytes / 4 * 3 - (1 << 20)
        return PreparedChat(
            plan: plan, calls: upstreamRequests, keeping: keeping,
            painting: PreparedChat.Painting(
                prompt: prompt, calls: calls,
                showing: draft.response == nil ? .addresses : .bytes(maximum: max(maximum, 0))))
    }

    /// The request for pictures in a chat request: its last words, and those members that image requests have too.
    private func imageRequest(
        _ prompt: String, _ request: GenerationRequest, isEdit: Bool
    ) -> ImageRequest {
        var wanted = ImageRequest(isEdit ? .edit : .generation)
        wanted.prompt = prompt
        let members = request.otherMembers
        func word(_ name: String) -> String? {
            members[name]?.stringValue.flatMap { $0 == "auto" ? nil : $0 }
        }
        wanted.size = word("size")
        wanted.quality = word("quality")
        wanted.style = word("style")
        wanted.background = word("background")
        wanted.outputFormat = word("output_format")
        for name in Self.paintingMembers {
            if let value = members[name] { wanted.extras[name] = value }
        }
        return wanted
    }

    /// Parameters of image models that clients are known to put into chat requests.
    private static let paintingMembers = ["aspect_ratio", "resolution", "negative_prompt"]
}

extension MediaSource {
    /// False for what is known to be no picture, or to have turned out to be none.
    fileprivate var mayBePicture: Bool {
        switch self {
        case .url, .base64, .file: true
        case .text, .uploaded: false
        }
    }
}
