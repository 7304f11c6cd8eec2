public import Relay
import Synchronization

/// An upstream that answers each call by a script.
public final class FakeTransport: UpstreamTransport {
    /// Writes the script for a request; `count` is the number of calls before it.
    public typealias Script = @Sendable (_ request: UpstreamRequest, _ count: Int) -> [FakeCall.Step]

    private let clock: ManualClock
    private let script: Script
    private let started = Mutex<[FakeCall]>([])

    /// Makes one; the clock is moved by the scripts' waiting.
    public init(clock: ManualClock, script: @escaping Script) {
        self.clock = clock
        self.script = script
    }

    /// All calls so far, in order.
    public var calls: [FakeCall] { started.withLock { $0 } }

    /// Starts a call.
    public func start(_ request: UpstreamRequest) -> any UpstreamCall {
        let count = started.withLock { $0.count }
        let call = FakeCall(request, steps: script(request, count), clock: clock)
        started.withLock { $0.append(call) }
        return call
    }
}
