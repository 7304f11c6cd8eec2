import Curl
import Wire

/// Whether long bodies, streams and silences pass.
extension Diagnosis {
    // MARK: Bodies

    /// The longest body that passes.
    func bodies() -> [Finding] {
        guard let largest = seen.bodies.first else { return [] }
        if isWhole(largest) {
            return [Finding(.ok, .body, "A body of \(Text.size(largest.bytes)) arrives whole.")]
        }
        let reply = largest.reply
        if reply.trouble?.code == .totalTimedOut {
            return [
                Finding(
                    .note, .body,
                    "A body of \(Text.size(largest.bytes)) took too long to send, so the limit could not be seen."
                )
            ]
        }
        if reply.isRefusedForNow {
            return [
                Finding(
                    .warning, .body, "Bodies could not be tried\(Text.outcome(reply)).", do: "Try again.")
            ]
        }
        let passed = seen.bodies.first { isWhole($0) }
        let rest = passed.map { "; \(Text.size($0.bytes)) pass" } ?? "; nor does a shorter one pass"
        if reply.status == 413, reply.errorMessage?.hasPrefix("The request body is longer than") == true {
            return [
                Finding(
                    .warning, .body,
                    "The relay's own limit is below \(Text.size(largest.bytes))\(rest): long chats and images are refused.",
                    do: "Raise limits.bodyBytes in the relay's configuration, unless it is meant to be low.")
            ]
        }
        if reply.trouble == nil, reply.status == 200 {
            return [
                Finding(
                    .problem, .body,
                    "Of \(largest.bytes) bytes of a body, \(reply.json["bytes"]?.intValue ?? 0) arrive.",
                    do: "Something on the way cuts bodies. " + server.advice(.bodies))
            ]
        }
        return [
            Finding(
                .problem, .body,
                "A body of \(Text.size(largest.bytes)) is refused on the way\(Text.outcome(reply))\(rest): long chats and "
                    + "images fail.",
                do: server.advice(.bodies))
        ]
    }

    private func isWhole(_ body: (bytes: Int, reply: Reply)) -> Bool {
        body.reply.trouble == nil && body.reply.status == 200
            && body.reply.json["bytes"]?.intValue == body.bytes
    }

    // MARK: Streams

    /// Whether events arrive as they are sent.
    func streams() -> [Finding] {
        guard let reply = seen.stream else { return [] }
        return [stream(reply)] + (seen.compressed.map { [compression($0)] } ?? [])
    }

    /// More than this is noticed by whoever reads along; networks alone hold back less.
    private static let noticeable = Duration.milliseconds(500)

    private func stream(_ reply: Reply) -> Finding {
        guard reply.trouble == nil, reply.status == 200 else {
            return reply.isRefusedForNow
                ? Finding(
                    .warning, .stream, "The stream could not be tried\(Text.outcome(reply)).",
                    do: "Try again.")
                : Finding(
                    .problem, .stream, "A stream fails\(Text.outcome(reply)).",
                    do: "Look into the web server's error log. " + server.advice(.streaming))
        }
        let events = StreamedEvent.read(reply.pieces)
        guard let last = events.last, events.count > 1, events.count == last.total else {
            return Finding(
                .problem, .stream, "A stream arrives without all of its events.",
                do: "Look into the web server's error log. " + server.advice(.streaming))
        }
        // What every event was late is the way itself; what single ones were is held back.
        let delays = events.map { $0.arrived - $0.sent }
        let held = (delays.max() ?? .zero) - (delays.min() ?? .zero)
        let span = last.sent - events[0].sent
        let lumps =
            zip(events, events.dropFirst())
            .count { $1.arrived - $0.arrived > Doctor.streamGap / 4 } + 1
        if held >= Self.noticeable, lumps * 2 <= events.count {
            return Finding(
                .problem, .stream,
                "Streams arrive in lumps: \(events.count) events came as \(lumps). Sent within \(Text.seconds(span)), they were held back "
                    + "for up to \(Text.seconds(held)).",
                do: server.advice(.streaming))
        }
        if held >= Self.noticeable {
            return Finding(
                .warning, .stream, "Some events of a stream are held back for up to \(Text.seconds(held)).",
                do: "Try again; if it stays so: " + server.advice(.streaming))
        }
        return Finding(.ok, .stream, "Streams arrive event by event.")
    }

    private func compression(_ reply: Reply) -> Finding {
        guard reply.trouble == nil, reply.status == 200 else {
            return Finding(
                .warning, .compression,
                "A stream to a client that takes gzip could not be tried\(Text.outcome(reply)).",
                do: "Try again.")
        }
        guard let coding = reply.headers["content-encoding"], coding.lowercased() != "identity" else {
            return Finding(.ok, .compression, "Streams are not compressed.")
        }
        let times = reply.pieces.map(\.time)
        let spread = (times.max() ?? .zero) - (times.min() ?? .zero)
        let name = Text.shown(coding)
        // Sent as they come, the pieces take as long as the events were apart.
        let span = Doctor.streamGap * (Doctor.streamEvents - 1)
        return spread * 2 < span
            ? Finding(
                .problem, .compression,
                "Streams are compressed (\(name)) and held back for it: browsers get them in lumps.",
                do: server.advice(.noCompression))
            : Finding(
                .note, .compression,
                "Streams are compressed (\(name)), though without being held back. "
                    + server.advice(.noCompression))
    }

    // MARK: Silences

    /// Whether the web server is patient enough.
    func silences() -> [Finding] {
        let wanted = Text.seconds(.seconds(seen.waitSeconds))
        if seen.isQuick {
            return [
                Finding(.note, .wait, "Time-outs were not tried (--quick).")
            ]
        }
        var findings: [Finding] = []
        if let reply = seen.silence {
            if Self.hasEnd(reply) {
                findings.append(
                    Finding(.ok, .silence, "A stream without events for \(wanted) stays open."))
            } else {
                let hasHeartbeat = reply.body.contains(UInt8(ascii: ":"))
                findings.append(
                    given(
                        up: reply, .silence,
                        hasHeartbeat
                            ? "a stream without events, though the relay sends heartbeats"
                            : "a stream without events, in which the relay sent no heartbeat (`heartbeat`)"))
            }
        }
        if let reply = seen.wait {
            if reply.trouble == nil, reply.status == 200, reply.json["seconds"]?.intValue == seen.waitSeconds
            {
                findings.append(
                    Finding(.ok, .wait, "An answer that takes \(wanted) arrives."))
            } else {
                findings.append(given(up: reply, .wait, "an answer that is not streamed"))
            }
        }
        return findings
    }

    private static func hasEnd(_ reply: Reply) -> Bool {
        reply.trouble == nil && reply.status == 200
            && String(decoding: reply.body, as: UTF8.self).contains(#""relay.wait""#)
    }

    private func given(up reply: Reply, _ check: Finding.Check, _ what: String) -> Finding {
        if reply.isRefusedForNow {
            return Finding(
                .warning, check, "Time-outs could not be tried\(Text.outcome(reply)).", do: "Try again.")
        }
        return Finding(
            .problem, check,
            "The web server gives up on \(what) after \(Text.seconds(reply.duration))\(Text.outcome(reply)): models that "
                + "think for long fail.",
            do: server.advice(.patience))
    }
}

/// One event of `/health/stream` as it arrived.
struct StreamedEvent: Equatable {
    /// How many were promised.
    let total: Int
    /// When the relay sent it, since its first.
    let sent: Duration
    /// When it arrived, since the call began.
    let arrived: Duration

    /// Longest event that is looked at, in bytes.
    private static let maximumBytes = 4096

    /// Reads the events of a stream; what is none of these is passed over.
    static func read(_ pieces: [Reply.Piece]) -> [StreamedEvent] {
        var parser = EventStreamParser(maximumEventBytes: maximumBytes)
        var events: [StreamedEvent] = []
        for piece in pieces {
            // A stream that cannot be read ends here, and then has too few events.
            try? parser.feed(piece.bytes) { event in
                guard let value = try? JSONValue(parsing: Array(event.data)),
                    let total = value["of"]?.intValue,
                    let sent = value["after_us"]?.intValue
                else { return }
                events.append(
                    StreamedEvent(total: total, sent: .microseconds(sent), arrived: piece.time))
            }
        }
        return events
    }
}
