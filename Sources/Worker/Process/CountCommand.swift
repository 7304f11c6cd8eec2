internal import Glibc
internal import Relay
internal import Wire

/// `fastrelay count`: the tokens of files.
///
/// A file that begins with `{` is read as a whole, up to `longestRequestBytes`, for it may be a chat request; any other,
/// and the rest of a longer one, is counted as it is read, so that memory does not depend on its length.
struct CountCommand {
    /// A longer file is a text whatever it looks like, in bytes: as much as the relay takes by default.
    static let longestRequestBytes = 64 << 20
    /// How much is read at once, in bytes.
    private static let chunkBytes = 64 << 10

    private let options: CountOptions

    /// A command that has not run yet.
    init(_ options: CountOptions) {
        self.options = options
    }

    /// Prints a line for each file; what cannot be counted is told on standard error, and the others still are.
    ///
    /// - Returns: the code for the worst that happened: a file that cannot be read, then a request that is wrong.
    func run() -> ExitCode {
        var code = ExitCode.success
        for file in options.files {
            do throws(ExitReason) {
                let result = try count(file)
                write(line(for: result, file))
            } catch {
                Program.complain("\(file): \(error.message)")
                if code != .noInput { code = error.code }
            }
        }
        return code
    }

    private func count(_ file: String) throws(ExitReason) -> TokenMeter.Result {
        guard file != CountOptions.standardInput else { return try count(STDIN_FILENO) }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable() }
        defer { close(descriptor) }
        return try count(descriptor)
    }

    private func count(_ descriptor: Int32) throws(ExitReason) -> TokenMeter.Result {
        var chunk: [UInt8] = []
        var kept: [UInt8] = []
        var meter = TokenMeter(model: options.model ?? TokenMeter.defaultModel)
        var mayBeRequest = !options.isText
        var first: UInt8?
        while try Self.read(descriptor, into: &chunk) {
            if mayBeRequest {
                kept += chunk
                first = first ?? Self.firstByte(chunk)
                mayBeRequest =
                    kept.count <= Self.longestRequestBytes && first ?? Self.brace == Self.brace
                guard !mayBeRequest else { continue }
                meter.add(kept.span)
                kept = []
            } else {
                meter.add(chunk.span)
            }
        }
        guard mayBeRequest else { return meter.result }
        do throws(TokenMeter.BadRequest) {
            if let result = try TokenMeter.count(chatRequest: kept, model: options.model) { return result }
        } catch {
            throw ExitReason(code: .badData, message: error.message)
        }
        meter.add(kept.span)
        return meter.result
    }

    private static let brace = UInt8(ascii: "{")

    /// The first byte that is no white space of JSON.
    private static func firstByte(_ bytes: [UInt8]) -> UInt8? {
        bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    }

    /// Reads the next bytes; false at the end.
    private static func read(_ descriptor: Int32, into chunk: inout [UInt8]) throws(ExitReason) -> Bool {
        if chunk.count < chunkBytes { chunk = [UInt8](repeating: 0, count: chunkBytes) }
        while true {
            let count = Glibc.read(descriptor, &chunk, chunkBytes)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            chunk.removeLast(chunk.count - count)
            return count > 0
        }
    }

    private static func unreadable() -> ExitReason {
        let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
        return ExitReason(code: .noInput, message: "cannot be read: \(reason)")
    }

    private func line(for result: TokenMeter.Result, _ file: String) -> [UInt8] {
        guard options.isJSON else {
            return Array("\(result.tokens)\t\(file)\(result.isExact ? "" : "\testimate")\n".utf8)
        }
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("file")
        writer.string(file)
        writer.key("tokens")
        writer.int(result.tokens)
        writer.key("model")
        writer.string(result.model)
        writer.key("encoding")
        writer.string(result.encoding)
        writer.key("exact")
        writer.bool(result.isExact)
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    /// Writes to standard output; whoever closed it does not want to know more.
    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
