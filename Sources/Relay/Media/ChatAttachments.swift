import Dialects
import Wire

/// Brings the pictures and documents of a conversation to the vendor, and puts the vendor's names in their place.
struct ChatAttachments: Sendable {
    /// Uploads them.
    let calls: MediaCalls
    /// The model that is to look at them.
    let model: String
    /// Whether it can look at pictures; nil where nobody knows, and the vendor decides.
    let acceptsImages: Bool?
    /// A model that can, for those who named one that cannot.
    let otherModel: String?

    /// True for a request that has something to bring.
    static func areIn(_ request: GenerationRequest) -> Bool {
        request.turns.contains { turn in turn.parts.contains(where: \.isAttachment) }
    }

    /// What stands where, and what it has to be.
    private struct Place: Sendable {
        let source: MediaSource
        let use: MediaFile.Use
        let name: String?
        let path: String?
    }

    /// What the prompt says of a file whose bytes are gone.
    private struct Look {
        let size: ImageSize?
        let fileName: String?
    }

    /// What was seen of a request's files so far.
    private struct Seen {
        /// How many more bytes memory has for the request.
        var room: Int
        /// Those that are named rather than given: what is named twice is fetched and read once.
        var files: [Name: MediaFile] = [:]

        /// An address or an id, and all else that says what the file is.
        struct Name: Hashable {
            let source: String
            let use: MediaFile.Use
            let name: String?
        }
    }

    /// The requests, which differ in their turns only, with all sources at the vendor.
    ///
    /// - Throws: what is wrong with a file, naming its member; nothing was uploaded then unless it was fetched before.
    func resolve(_ requests: [GenerationRequest]) async throws(ExchangeStop) -> [GenerationRequest] {
        var places: [Place] = []
        for request in requests {
            for turn in request.turns { Self.collect(turn, into: &places) }
        }
        do throws(Failure) {
            try check(places)
        } catch {
            throw .failure(error)
        }
        var files: [MediaFile] = []
        var seen = Seen(room: calls.limits.bodyBytes)
        for place in places { files.append(try await file(place, &seen)) }
        seen.files = [:]
        if acceptsImages == false, let index = files.firstIndex(where: { $0.size != nil }) {
            throw .failure(lacksVision(at: places[index].path))
        }
        let looks = files.map { Look(size: $0.size, fileName: $0.fileName) }
        // Given away, so that the bytes of each go with its upload.
        let assets = try await AssetDesk(calls: calls).assets(of: consume files)
        guard assets.count == looks.count else {
            throw .failure(Failure(.internalError, "A file was not uploaded."))
        }
        let parts = zip(looks, assets).map(Self.part)
        var next = 0
        return requests.map { request in
            var request = request
            for index in request.turns.indices { Self.replace(&request.turns[index].parts, by: parts, &next) }
            return request
        }
    }

    // MARK: Places

    private static func collect(_ turn: Turn, into places: inout [Place]) {
        for (index, part) in turn.parts.enumerated() {
            let place = turn.place(ofPart: index)
            if case .toolResult(let result) = part {
                for (inner, part) in result.parts.enumerated() {
                    collect(part, at: place.map { "\($0.content)[\(inner)]" }, into: &places)
                }
            } else {
                collect(part, at: place?.path, into: &places)
            }
        }
    }

    private static func collect(_ part: Part, at path: String?, into places: inout [Place]) {
        switch part {
        case .image(let image) where part.isAttachment:
            places.append(Place(source: image.source, use: .picture, name: nil, path: path))
        case .document(let document) where part.isAttachment:
            places.append(
                Place(
                    source: document.source, use: .document, name: document.name ?? document.title, path: path
                ))
        default: break
        }
    }

    /// Puts the parts in the order in which `collect` found their places.
    private static func replace(_ parts: inout [Part], by found: [Part], _ next: inout Int) {
        for index in parts.indices {
            if case .toolResult(var result) = parts[index] {
                replace(&result.parts, by: found, &next)
                parts[index] = .toolResult(result)
            } else if parts[index].isAttachment {
                parts[index] = found[next].keeping(parts[index])
                next += 1
            }
        }
    }

    /// What stands for a file: a picture goes by its path, a document by its uuid.
    private static func part(_ file: Look, _ asset: UploadedAsset) -> Part {
        if let size = file.size {
            var image = ImagePart(source: .uploaded(asset.path))
            image.size = size
            return .image(image)
        }
        return .document(DocumentPart(source: .uploaded(asset.uuid ?? asset.path), name: file.fileName))
    }

    private func check(_ places: [Place]) throws(Failure) {
        let limit = calls.limits.attachments
        guard places.count <= limit else {
            throw Failure(
                .invalidRequest,
                "There are \(places.count) pictures and documents, but at most \(limit) are allowed.",
                parameter: places[limit].path, code: "too_many_attachments")
        }
        // Before anything is fetched; a document may still turn out to be a picture.
        if acceptsImages == false, let place = places.first(where: { $0.use == .picture }) {
            throw lacksVision(at: place.path)
        }
    }

    private func lacksVision(at path: String?) -> Failure {
        Failure(
            .unsupported,
            "The model `\(model)` cannot look at pictures." + (otherModel.map { " `\($0)` can." } ?? ""),
            parameter: path, code: "model_lacks_vision")
    }

    // MARK: Files

    private func file(_ place: Place, _ seen: inout Seen) async throws(ExchangeStop) -> MediaFile {
        switch place.source {
        case .base64(let text, _):
            let content = try await decoded(text, place)
            seen.room -= content.count
            guard seen.room >= 0 else { throw .failure(noRoom(for: place)) }
            return try await examine(content, place.name, place)
        case .url(let word), .file(let word):
            let name = Seen.Name(source: word, use: place.use, name: place.name)
            if let file = seen.files[name] { return file }
            let file: MediaFile
            if case .file(let id) = place.source {
                file = try await stored(id, place)
            } else {
                file = try await fetched(word, place, &seen)
            }
            seen.files[name] = file
            return file
        case .text, .uploaded: throw .failure(Failure(.internalError, "There is nothing to upload."))
        }
    }

    private func examine(
        _ content: FileContent, _ name: String?, _ place: Place, stored: StoredFile? = nil
    ) async throws(ExchangeStop) -> MediaFile {
        let limits = calls.limits
        do throws(Failure) {
            return try await calls.ports.offload.run { () throws(Failure) in
                try MediaFile.examine(
                    content, fileName: name, for: place.use, at: place.path, limits, stored: stored)
            }
        } catch {
            throw .failure(error)
        }
    }

    private func fetched(
        _ address: String, _ place: Place, _ seen: inout Seen
    ) async throws(ExchangeStop) -> MediaFile {
        let fetch = AddressFetch(settings: calls.fetch, ports: calls.ports)
        let bytes = try await fetch.bytes(
            at: address, place.path, room: seen.room, noRoom: noRoom(for: place))
        seen.room -= bytes.count
        guard seen.room >= 0 else { throw .failure(noRoom(for: place)) }
        return try await examine(.bytes(bytes), place.name, place)
    }

    private func stored(_ id: String, _ place: Place) async throws(ExchangeStop) -> MediaFile {
        let stored = try await calls.open(storedFile: id, at: place.path)
        return try await examine(
            .source(stored.bytes, 0..<stored.bytes.count), place.name ?? stored.file.name, place,
            stored: stored.file)
    }

    private func noRoom(for place: Place) -> Failure {
        Failure(
            .invalidRequest,
            "The pictures and documents of a request may have \(calls.limits.bodyBytes) bytes together.",
            parameter: place.path, code: "attachments_too_large")
    }

    private func decoded(_ text: String, _ place: Place) async throws(ExchangeStop) -> FileContent {
        guard let bytes = await calls.ports.offload.run({ Base64.decode(text) }) else {
            throw .failure(
                Failure(
                    .invalidRequest, "The file's data is not base64.", parameter: place.path,
                    code: "invalid_base64"))
        }
        return .bytes(bytes)
    }
}

extension Part {
    /// True for a picture or a document that is not at the vendor and cannot be written into the prompt.
    fileprivate var isAttachment: Bool {
        switch self {
        case .image(let image): image.source.needsUpload
        case .document(let document): document.source.needsUpload
        case .toolResult(let result): result.parts.contains(where: \.isAttachment)
        default: false
        }
    }

    /// The same with what the client said of it.
    fileprivate func keeping(_ original: Part) -> Part {
        switch (self, original) {
        case (.image(var image), .image(let original)):
            image.detail = original.detail
            image.cacheMarker = original.cacheMarker
            return .image(image)
        case (.document(var document), .document(let original)):
            document.title = original.title
            document.context = original.context
            document.citationsEnabled = original.citationsEnabled
            document.cacheMarker = original.cacheMarker
            return .document(document)
        default: return self
        }
    }
}

extension MediaSource {
    /// Whether the bytes have to be brought to the vendor.
    fileprivate var needsUpload: Bool {
        switch self {
        case .url, .base64, .file: true
        case .text, .uploaded: false
        }
    }
}
