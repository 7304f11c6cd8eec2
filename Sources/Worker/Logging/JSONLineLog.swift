internal import Relay
internal import Wire

/// The log: one JSON object a line, on standard error.
struct JSONLineLog: ExchangeLog {
    private let writer: LogWriter
    private let clock: any RelayClock
    private let lowestLevel: LogLevel

    /// Writes what matters at least as much as `lowestLevel`.
    init(writer: LogWriter, clock: any RelayClock, lowestLevel: LogLevel) {
        self.writer = writer
        self.clock = clock
        self.lowestLevel = lowestLevel
    }

    func record(_ record: ExchangeRecord) {
        guard lowestLevel <= .info else { return }
        var line = JSONWriter(capacity: 512)
        line.beginObject()
        line.key("time")
        line.string(
            Timestamp.text(
                seconds: Int(record.startedUnixNanoseconds / 1_000_000_000),
                nanoseconds: Int(record.startedUnixNanoseconds % 1_000_000_000)))
        line.key("level")
        line.string("info")
        line.key("message")
        line.string("exchange")
        line.key("request_id")
        line.string(record.requestID)
        if let caller = record.callerHash {
            line.key("caller")
            line.string(caller)
        }
        line.key("route")
        line.string(record.route)
        line.key("method")
        line.string(record.method)
        if let model = record.model {
            line.key("model")
            line.string(model)
        }
        if let upstream = record.upstream {
            line.key("upstream")
            line.string(upstream)
            line.key("upstream_calls")
            line.int(record.upstreamCalls)
        }
        line.key("status")
        line.int(record.status)
        if let code = record.errorCode {
            line.key("error_code")
            line.string(code)
        }
        line.key("outcome")
        line.string(record.outcome.rawValue)
        line.key("stream")
        line.bool(record.isStreamed)
        line.key("bytes_in")
        line.int(record.bytesIn)
        line.key("bytes_out")
        line.int(record.bytesOut)
        if let firstByte = record.firstByte {
            line.key("first_byte_ms")
            Self.milliseconds(firstByte, into: &line)
        }
        line.key("total_ms")
        Self.milliseconds(record.total, into: &line)
        if let tokens = record.inputTokens {
            line.key("input_tokens")
            line.int(tokens)
        }
        if let tokens = record.outputTokens {
            line.key("output_tokens")
            line.int(tokens)
        }
        if record.usageIsEstimated {
            line.key("usage_estimated")
            line.bool(true)
        }
        if let credits = record.credits {
            line.key("credits")
            line.double(credits)
        }
        finish(&line)
    }

    func event(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
        guard lowestLevel <= level else { return }
        let (seconds, nanoseconds) = clock.unixTime()
        var line = JSONWriter(capacity: 256)
        line.beginObject()
        line.key("time")
        line.string(Timestamp.text(seconds: seconds, nanoseconds: nanoseconds))
        line.key("level")
        line.string(level.rawValue)
        line.key("message")
        line.string(message.description)
        for field in fields {
            line.key(field.name)
            switch field.value {
            case .string(let text): line.string(text)
            case .int(let number): line.int(number)
            case .bool(let flag): line.bool(flag)
            case .duration(let duration): Self.milliseconds(duration, into: &line)
            }
        }
        finish(&line)
    }

    private func finish(_ line: inout JSONWriter) {
        line.endObject()
        line.bytes.append(UInt8(ascii: "\n"))
        writer.write(line.bytes)
    }

    /// Milliseconds with three digits after the point, as number text.
    private static func milliseconds(_ duration: Duration, into line: inout JSONWriter) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        let fraction = String(microseconds % 1000)
        line.raw(
            "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)".utf8
        )
    }
}
