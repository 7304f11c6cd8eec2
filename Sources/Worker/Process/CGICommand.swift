internal import CGI
internal import Curl
internal import EventLoop
internal import Glibc
internal import Relay

/// `fastrelay cgi`: answers the one request that a web server started the process for (RFC 3875).
///
/// For servers whose FastCGI module gathers answers before it passes them on, such as mod_fcgid where its buffer cannot be
/// configured: Apache passes on what a CGI program writes as it comes.
struct CGICommand {
    /// Answers the request.
    ///
    /// - Parameter configuration: gives the configuration, or the reason why there is none.
    /// - Returns: the exit code of the process.
    static func run(_ configuration: () throws(ExitReason) -> Configuration) -> ExitCode {
        do throws(ExitReason) {
            guard let bytes = try? SmallFile.read("/proc/self/environ"),
                let request = Request(environment: bytes)
            else {
                throw ExitReason(
                    code: .usage,
                    message: "cgi is started by a web server, with REQUEST_METHOD in /proc/self/environ")
            }
            let loaded = Result { () throws(ExitReason) in try configuration() }
            // The caller's key stands in the environment; sites of other people may run as the same user.
            ProcessMemory.hide()
            // Read in any case: unread bytes would cost the answer, see `CGIInput`.
            let clientRequest = request.read((try? loaded.get()) ?? Configuration())
            do throws(ExitReason) {
                try answer(clientRequest, try loaded.get())
                return .success
            } catch {
                // The client learns that it is not its fault; why is for the operator, on standard error.
                print(startFailure, terminator: "")
                throw error
            }
        } catch {
            Program.complain(error.message)
            return error.code
        }
    }

    /// The variables that matter before the body is read.
    private struct Request {
        var variables = CGIVariables()
        var announced: Int?
        var contentType: String?
        var isChunked = false

        /// Reads `NAME=value` lines that end in zero bytes; nil when no web server made them.
        init?(environment: [UInt8]) {
            var hasMethod = false
            for line in environment.split(separator: 0) {
                guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let name = line[..<equals]
                let value = line[(equals + 1)...]
                variables.set(name.span, value.span)
                if name.elementsEqual("REQUEST_METHOD".utf8) { hasMethod = true }
                if name.elementsEqual("CONTENT_LENGTH".utf8) {
                    announced = Int(String(decoding: value, as: UTF8.self))
                }
                if name.elementsEqual("CONTENT_TYPE".utf8) {
                    contentType = String(decoding: value, as: UTF8.self)
                }
                // Apache hands over a chunked upload decoded, without a length.
                if name.elementsEqual("HTTP_TRANSFER_ENCODING".utf8) { isChunked = true }
            }
            guard hasMethod else { return nil }
        }

        /// The request with its body from standard input; once.
        func read(_ configuration: Configuration) -> ClientRequest {
            guard announced != nil || isChunked else { return variables.request(body: [], problem: nil) }
            let limits = CGIInput.Limits(
                bytes: configuration.limits.bodyBytes, time: configuration.limits.bodyTimeout,
                spoolDirectory: configuration.spoolDirectory ?? Configuration.standardSpoolDirectory)
            let arrived = CGIInput(limits: limits).read(announced, contentType: contentType)
            if let failure = arrived.failure { Program.complain("cannot keep a body: \(failure)") }
            return variables.request(
                body: arrived.bytes, longBody: arrived.file.map(FileSource.init),
                problem: arrived.problem.map(ClientRequest.BodyProblem.init))
        }
    }

    private static func answer(
        _ request: ClientRequest, _ configuration: Configuration
    ) throws(ExitReason) {
        SignalSource.block([SIGTERM, SIGINT])
        do {
            let writer = try LogWriter(descriptor: STDERR_FILENO)
            let log = JSONLineLog(
                writer: writer, clock: SystemClock(), threshold: LogThreshold(configuration.log.level))
            let loop = try EventLoop()
            let pool = try TransferPool(loop: loop)
            let ports = Ports.system(configuration, pools: [pool], log: log, threads: 1)
            let relay = Relay(configuration: configuration, ports: ports)
            let output = CGIOutput(loop: loop)
            let exchange = Task(executorPreference: loop) {
                // Each process would otherwise begin with the built-in list.
                await relay.prepare()
                await relay.respond(to: request, over: output)
                loop.stop()
            }
            output.start { exchange.cancel() }
            let background = Task(executorPreference: loop) { await relay.run() }
            // Apache sends SIGTERM when the client left.
            let signals = try SignalSource([SIGTERM, SIGINT]) { _ in exchange.cancel() }
            try signals.start(on: loop)
            loop.run()
            background.cancel()
            // What this request held is to be free at once, not when its time is over.
            ports.limits.finish()
            writer.finish()
        } catch {
            throw ExitReason(code: .cannotListen, message: "\(error)")
        }
    }

    /// What a client gets when there is no relay to answer it.
    private static let startFailure =
        "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n\r\n"
        + #"{"error":{"message":"The relay cannot start; the web server's error log says why.","#
        + #""type":"server_error","param":null,"code":"relay_unavailable"}}"#
}
