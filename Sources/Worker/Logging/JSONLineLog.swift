internal import Relay
internal import Wire

/// The log: one JSON object a line, on standard error.
struct JSONLineLog: ExchangeLog {
    private let writer: LogWriter
    private let clock: any RelayClock
    private let threshold: LogThreshold

    /// Writes what `threshold` admits.
    init(writer: LogWriter, clock: any RelayClock, threshold: LogThreshold) {
        self.writer = writer
        self.clock = clock
        self.threshold = threshold
    }

    func record(_ record: ExchangeRecord) {
        guard threshold.admits(.info) else { return }
        var line = JSONWriter(capacity: 512)
        line.beginObject()
        let started = record.startedUnixNanoseconds
        line.member(
            "time",
            Timestamp.text(
                seconds: Int(started / 1_000_000_000), nanoseconds: Int(started % 1_000_000_000)))
        line.member("level", LogLevel.info.rawValue)
        line.member("message", "exchange")
        line.member("request_id", record.requestID)
        line.member("caller", record.callerHash)
        line.member("route", record.route)
        line.member("method", record.method)
        line.member("model", record.model)
        line.member("upstream", record.upstream)
        line.member("upstream_calls", record.upstream == nil ? nil : record.upstreamCalls)
        line.member("status", record.status)
        line.member("error_code", record.errorCode)
        line.member("outcome", record.outcome.rawValue)
        line.key("stream")
        line.bool(record.isStreamed)
        line.member("bytes_in", record.bytesIn)
        line.member("bytes_out", record.bytesOut)
        line.member("first_byte_ms", record.firstByte)
        line.member("total_ms", record.total)
        line.member("input_tokens", record.inputTokens)
        line.member("output_tokens", record.outputTokens)
        if record.usageIsCounted {
            line.key("usage_counted")
            line.bool(true)
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
        guard threshold.admits(level) else { return }
        let (seconds, nanoseconds) = clock.unixTime()
        var line = JSONWriter(capacity: 256)
        line.beginObject()
        line.member("time", Timestamp.text(seconds: seconds, nanoseconds: nanoseconds))
        line.member("level", level.rawValue)
        line.member("message", message.description)
        for field in fields {
            line.key(named: field.name)
            switch field.value {
            case .string(let text): line.string(text)
            case .int(let number): line.int(number)
            case .bool(let flag): line.bool(flag)
            case .duration(let duration): line.milliseconds(duration)
            }
        }
        finish(&line)
    }

    private func finish(_ line: inout JSONWriter) {
        line.endObject()
        line.bytes.append(UInt8(ascii: "\n"))
        writer.write(line.bytes)
    }
}

extension JSONWriter {
    /// Writes a text member; nothing for nil.
    fileprivate mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    /// Writes a number member; nothing for nil.
    fileprivate mutating func member(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        key(name)
        int(value)
    }

    /// Writes a member in milliseconds; nothing for nil.
    fileprivate mutating func member(_ name: StaticString, _ value: Duration?) {
        guard let value else { return }
        key(name)
        milliseconds(value)
    }

    /// Writes milliseconds with three digits after the point.
    fileprivate mutating func milliseconds(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let microseconds = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        thousandths(microseconds)
    }
}
