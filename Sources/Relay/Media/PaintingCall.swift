import Dialects
import Synchronization
import Wire

/// A call that paints, as a chat's call: its answer's text shows the pictures in Markdown.
///
/// 1min.ai answers a call for pictures with the same record as a chat, but with paths in the place of the text. So a chat
/// that paints is a chat in everything else: waiting, heartbeats, failures, and each dialect's words.
final class PaintingCall: UpstreamCall {
    /// What is done with the pictures.
    enum Showing: Sendable {
        /// The text has their addresses.
        case addresses
        /// They are fetched, too, as far as they are not larger than this together, in bytes.
        case bytes(maximum: Int)
    }

    private let call: any UpstreamCall
    private let calls: MediaCalls
    private let alternative: String
    private let showing: Showing
    private let state = Mutex(State())

    private struct State {
        var body: [UInt8] = []
        var isSuccess = false
        var isOver = false
        /// What was made, once that is known.
        var record: OneMinMediaRecord?
        /// The pictures on their way.
        var fetch: PictureFetch?
    }

    /// Wraps a call that has been started.
    ///
    /// - Parameters:
    ///   - calls: fetch the pictures.
    ///   - prompt: what was asked for, of which the beginning becomes what is shown in place of a picture.
    init(_ call: any UpstreamCall, _ calls: MediaCalls, prompt: String, showing: Showing) {
        self.call = call
        self.calls = calls
        self.showing = showing
        alternative = Self.alternative(prompt)
    }

    func next(silence: Duration?) async throws(UpstreamError) -> UpstreamEvent {
        while true {
            if state.withLock({ $0.isOver }) { return .end }
            if let fetch = state.withLock({ $0.fetch.take() }) { return try await goOn(fetch, silence) }
            let event = try await call.next(silence: silence)
            switch event {
            case .head(let status, let headers):
                guard (200..<300).contains(status) else { return event }
                state.withLock { $0.isSuccess = true }
                var fields = headers
                fields.set("content-type", "application/json")
                return .head(status: status, headers: fields)
            case .bytes(let bytes):
                guard keep(bytes) else { return event }
            case .silence: return .silence
            case .end:
                if let bytes = bytesAtEnd() { return bytes.isEmpty ? .end : .bytes(bytes) }
            }
        }
    }

    func cancel() {
        call.cancel()
        state.withLock { $0.fetch }?.cancel()
    }

    /// What is to be given at the end of the call; nil where pictures have to be fetched first.
    ///
    /// What is no record of pictures stays as it is, for the chat's own reader knows what to say of it.
    private func bytesAtEnd() -> [UInt8]? {
        let base = calls.upstream.settings.assetBaseURL.text
        return state.withLock { state in
            guard let record = try? OneMinMediaRecord(state.body, assetBase: base), !record.files.isEmpty
            else {
                state.isOver = true
                return state.body
            }
            state.record = record
            let room = if case .bytes(let maximum) = showing { maximum } else { 0 }
            let files = room == 0 ? [] : record.files.map(\.addresses)
            state.fetch = PictureFetch(calls, files, room: room)
            return nil
        }
    }

    /// Goes on to fetch pictures; when all are there, the record of a chat that says what they show.
    private func goOn(
        _ fetch: PictureFetch, _ silence: Duration?
    ) async throws(UpstreamError) -> UpstreamEvent {
        var fetch = fetch
        guard try await fetch.isComplete(silence: silence) else {
            state.withLock { $0.fetch = fetch }
            return .silence
        }
        let record = state.withLock { state in
            state.isOver = true
            return state.record
        }
        guard let record else { return .end }
        let text = record.files.map { "![\(alternative)](\($0.addresses[0]))" }.joined(separator: "\n\n")
        let pictures = fetch.pictures
        return .bytes(
            await calls.ports.offload.run {
                OneMinMediaRecord.chatAnswer(
                    text: text, pictures: pictures.map { String(decoding: Self.base64($0), as: UTF8.self) },
                    usage: record.usage)
            })
    }

    /// Keeps a piece of a record; what a refusal says is not kept.
    private func keep(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            if state.isSuccess { state.body += bytes }
            return state.isSuccess
        }
    }

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        Base64.encode(bytes.span, into: &text)
        return text
    }

    /// One line without anything that means something in Markdown.
    private static func alternative(_ prompt: String) -> String {
        let words = prompt.unicodeScalars.prefix(200).map { scalar -> Character in
            let isPlain = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            return isPlain || scalar == "," || scalar == "." || scalar == "-" ? Character(scalar) : " "
        }
        let line = String(words).split(separator: " ").joined(separator: " ")
        return line.isEmpty ? "image" : String(line.prefix(80))
    }
}
