import Dialects
import Wire

/// Answers requests about files that callers keep: `/v1/files` and what is below it.
final class FileRun: ExchangeRun {
    private let context: MediaContext

    /// What is sent of a file at once, in bytes.
    private static let pieceBytes = 64 << 10

    /// Prepares a run; nothing is done yet.
    init(_ context: MediaContext) {
        self.context = context
    }

    func run() async throws(ExchangeStop) {
        let request = context.request
        let desk = FileDesk(
            ports: context.ports, retention: context.configuration.files.retention,
            isAnthropic: context.exchange.dialect == .anthropic)
        switch request.route {
        case .fileContent(let id): try await send(id, desk)
        case .file(let id): try await answer(about: id, desk)
        default:
            if request.keepsFile { try await save(desk) } else { try await answer(about: nil, desk) }
        }
    }

    private func answer(about id: String?, _ desk: FileDesk) async throws(ExchangeStop) {
        let request = context.request
        let body = try await stopping { () async throws(Failure) in
            try await desk.answer(
                StoredRequest(
                    method: request.method, query: request.query, body: [], credential: request.credential),
                about: id)
        }
        try await context.exchange.send(status: 200, body: body)
    }

    private func save(_ desk: FileDesk) async throws(ExchangeStop) {
        let form = try await context.form()
        let credential = context.request.credential
        let saved = try await stopping { () async throws(Failure) in
            try await desk.save(form: form.form, content: form.content, credential: credential)
        }
        context.exchange.ignore(saved.ignored)
        try await context.exchange.send(status: 200, body: saved.body)
    }

    /// Sends the bytes of a file as they are read, never more than a piece ahead of the client.
    private func send(_ id: String, _ desk: FileDesk) async throws(ExchangeStop) {
        let credential = context.request.credential
        let (file, source) = try await stopping { () async throws(Failure) in
            try await desk.content(id, credential: credential)
        }
        // Never shown as a page of the relay's own site, whatever is in it.
        var further = HeaderLines()
        further.add("content-disposition", "attachment")
        further.add("x-content-type-options", "nosniff")
        try await context.exchange.sendHead(
            contentType: file.mediaType, count: source.count, further: further)
        guard context.exchange.wantsBody else { return }
        var start = 0
        while start < source.count {
            let range = start..<min(start + Self.pieceBytes, source.count)
            let piece = await context.ports.offload.run { try? source.read(range) }
            guard let piece else {
                throw .failure(Failure(.internalError, "The relay cannot read the file."))
            }
            start = range.upperBound
            try await context.exchange.send(piece: piece, isLast: start == source.count)
        }
        if source.count == 0 { try await context.exchange.send(piece: [], isLast: true) }
    }
}
