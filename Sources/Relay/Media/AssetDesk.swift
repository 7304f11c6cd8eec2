import Dialects
import Wire

/// Uploads files, each once: what the same caller uploaded before is not uploaded again as long as the vendor keeps it.
struct AssetDesk: Sendable {
    /// The calls.
    let calls: MediaCalls

    /// How many uploads of one request run at a time.
    private static let uploadsAtOnce = 4

    /// Where the vendor has the files, in their order. Each is let go when its upload is over.
    ///
    /// - Throws: the failure of the first upload that failed.
    func assets(of files: consuming [MediaFile]) async throws(ExchangeStop) -> [UploadedAsset] {
        let keys = files.map(key)
        var known: [AssetKey: UploadedAsset] = [:]
        var missing: [AssetKey: MediaFile] = [:]
        var queue: [AssetKey] = []
        for (key, file) in zip(keys, files) where known[key] == nil && missing[key] == nil {
            if let asset = await calls.ports.assets.asset(key, for: calls.credential) {
                known[key] = asset
            } else {
                missing[key] = file
                queue.append(key)
            }
        }
        files = []
        var running: [(key: AssetKey, call: any UpstreamCall)] = []
        defer { for upload in running { upload.call.cancel() } }
        var waiting = queue[...]
        while !waiting.isEmpty || !running.isEmpty {
            while running.count < Self.uploadsAtOnce, let key = waiting.popFirst() {
                guard let file = missing.removeValue(forKey: key) else { continue }
                running.append((key, try await start(file)))
            }
            let (key, call) = running.removeFirst()
            defer { call.cancel() }
            known[key] = try await take(call, key)
        }
        return keys.compactMap { known[$0] }
    }

    private func start(_ file: MediaFile) async throws(ExchangeStop) -> any UpstreamCall {
        let content: FileContent
        switch file.place {
        case .content(let bytes): content = bytes
        case .stored(let id):
            let source = try await calls.open(storedFile: id).bytes
            content = .source(source, 0..<source.count)
        }
        return calls.start(upload: content, format: file.format, fileName: file.fileName)
    }

    /// Reads the record of a call that names files, and forgets their uploads where the vendor refuses it.
    ///
    /// For they may be gone there: asking again uploads them again, which costs nothing.
    func record(of call: any UpstreamCall, naming files: [MediaFile]) async throws(ExchangeStop)
        -> OneMinMediaRecord
    {
        do throws(ExchangeStop) {
            return try await calls.record(of: call)
        } catch {
            if case .failure(let failure) = error, failure.kind == .upstreamRejected {
                for file in files { await calls.ports.assets.forget(key(of: file), for: calls.credential) }
            }
            throw error
        }
    }

    /// Takes the end of an upload, and remembers it.
    private func take(_ call: any UpstreamCall, _ key: AssetKey) async throws(ExchangeStop) -> UploadedAsset {
        let body = try await calls.body(of: call)
        let asset: OneMinAsset
        do throws(Failure) {
            asset = try OneMinAsset(body)
        } catch {
            throw .failure(error)
        }
        let uploaded = UploadedAsset(path: asset.path, uuid: asset.uuid)
        let lifetime = Int(calls.upstream.settings.assetLifetime.components.seconds)
        if lifetime > 0 {
            await calls.ports.assets.remember(
                uploaded, as: key, until: calls.ports.clock.unixTime().seconds + lifetime,
                for: calls.credential)
        }
        return uploaded
    }

    private func key(of file: MediaFile) -> AssetKey {
        let name = OneMinAsset.name(for: file.format, fileName: file.fileName).fileName
        let dot = name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.endIndex
        return AssetKey(
            provider: calls.upstream.name, hash: file.hash, fileExtension: String(name[dot...]))
    }
}
