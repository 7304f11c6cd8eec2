import Dialects
import Wire

/// Fetches files that a vendor made.
struct Downloads: Sendable {
    private let calls: MediaCalls
    private let maximumBytes: Int

    /// - Parameter maximumBytes: of files that are held in memory, all together.
    init(calls: MediaCalls, maximumBytes: Int? = nil) {
        self.calls = calls
        self.maximumBytes = maximumBytes ?? calls.limits.answerBytes
    }

    /// All files, in memory; one that cannot be fetched is left out, unless none can: the others were paid for.
    func all(_ files: [OneMinMediaRecord.Result]) async throws(ExchangeStop) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var room = maximumBytes
        var failure: ExchangeStop?
        for file in files {
            do throws(ExchangeStop) {
                let bytes = try await whole(file, maximumBytes: room)
                room -= bytes.count
                found.append(bytes)
            } catch {
                guard case .failure(let reason) = error, reason.code == nil else { throw error }
                failure = failure ?? error
            }
        }
        if let failure, found.isEmpty { throw failure }
        return found
    }

    private func whole(
        _ file: OneMinMediaRecord.Result, maximumBytes: Int
    ) async throws(ExchangeStop) -> [UInt8] {
        var failure = Self.missing
        for address in file.addresses {
            let opened: Open
            do throws(ExchangeStop) {
                opened = try await open(address)
            } catch {
                guard case .failure(let reason) = error else { throw error }
                failure = reason
                continue
            }
            defer { opened.call.cancel() }
            var bytes: [UInt8] = []
            do throws(ExchangeStop) {
                while let piece = try await opened.next() {
                    bytes += piece
                    guard bytes.count <= maximumBytes else {
                        throw .failure(
                            Failure(
                                .upstreamFailed,
                                "The pictures together have more than \(self.maximumBytes) bytes. "
                                    + "Please ask for addresses (response_format: url).",
                                code: "answer_too_large"))
                    }
                }
                return bytes
            } catch {
                guard case .failure(let reason) = error, reason.code == nil else { throw error }
                failure = reason
            }
        }
        throw .failure(failure)
    }

    /// A file on its way.
    struct Open {
        /// The call, to be cancelled by whoever has enough.
        let call: any UpstreamCall
        /// The length of the file, where its server tells.
        let count: Int?
        fileprivate let upstream: Upstream

        /// The next piece; nil at the end.
        func next() async throws(ExchangeStop) -> [UInt8]? {
            while true {
                do throws(UpstreamError) {
                    switch try await call.next(silence: nil) {
                    case .bytes(let bytes): return bytes
                    case .end: return nil
                    case .head, .silence: continue
                    }
                } catch {
                    throw ExchangeStop(error, from: upstream)
                }
            }
        }
    }

    /// Begins to fetch a file from the first of its addresses that has it.
    func open(_ file: OneMinMediaRecord.Result) async throws(ExchangeStop) -> Open {
        var failure = Self.missing
        for address in file.addresses {
            do throws(ExchangeStop) {
                return try await open(address)
            } catch {
                guard case .failure(let reason) = error else { throw error }
                failure = reason
            }
        }
        throw .failure(failure)
    }

    private func open(_ address: String) async throws(ExchangeStop) -> Open {
        let call = calls.start(download: address)
        do throws(UpstreamError) {
            guard case .head(let status, let headers) = try await call.next(silence: nil),
                (200..<300).contains(status)
            else {
                call.cancel()
                throw UpstreamError(.cut, message: "")
            }
            return Open(
                call: call, count: headers["content-length"].flatMap { Int($0) }, upstream: calls.upstream)
        } catch {
            if error.kind == .cancelled, Task.isCancelled { throw .clientGone }
            throw .failure(Self.missing)
        }
    }

    private static let missing = Failure(
        .upstreamFailed, "1min.ai made the file, but it cannot be fetched from there.")
}
