/// How long an upstream call may take in each of its phases; `nil` means without limit.
public struct Timeouts: Sendable, Equatable {
    /// From the start until the connection is there: name, TCP, proxy and TLS together. Default 10 s.
    public var connect: Duration?
    /// From the connection until the answer's head. Default 120 s.
    ///
    /// The head of a non-streamed generation comes only with the answer: the exchange puts `firstEvent` here then.
    public var firstByte: Duration?
    /// From the start until the first event that carries part of the answer. Default 180 s. Kept by the exchange.
    public var firstEvent: Duration?
    /// Between two pieces of the body. Default 300 s: reasoning models are known to be silent for minutes
    /// in the middle of an answer.
    public var idle: Duration?
    /// From the start to the end, however lively the call is. Default 1 h.
    public var total: Duration?

    /// Makes a set; what is not given has its default.
    public init(
        connect: Duration? = .seconds(10), firstByte: Duration? = .seconds(120),
        firstEvent: Duration? = .seconds(180), idle: Duration? = .seconds(300),
        total: Duration? = .seconds(3600)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.firstEvent = firstEvent
        self.idle = idle
        self.total = total
    }

    /// The name of one of the five, as configuration, errors and metrics spell it.
    public enum Phase: String, Sendable, CaseIterable {
        case connect, firstByte, firstEvent, idle, total
    }
}
