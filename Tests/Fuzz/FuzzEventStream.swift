// Property: events, and the error for one that is too large, are the same whatever the borders of the chunks.
// The first bytes of an input choose the borders.

@testable import Wire

/// Small, so that the limit is met often.
private let maximumEventBytes = 64

private struct Outcome: Equatable {
    var events: [[ArraySlice<UInt8>]] = []
    var error: EventStreamError?
    var retryMilliseconds: Int?
    var isUnfinished = false
}

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventStream(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let sizes = bytes.prefix(4).map { Int($0 % 16) + 1 }
    let stream = Array(bytes.dropFirst(4))
    let whole = outcome(of: stream, sizes: [stream.count + 1])
    precondition(whole == outcome(of: stream, sizes: [1]), "byte by byte differs")
    if !sizes.isEmpty { precondition(whole == outcome(of: stream, sizes: sizes), "chunks differ") }
    for event in whole.events {
        precondition(event[0].count + event[1].count <= maximumEventBytes, "an event passed the limit")
    }
    return 0
}

private func outcome(of stream: [UInt8], sizes: [Int]) -> Outcome {
    var parser = EventStreamParser(maximumEventBytes: maximumEventBytes)
    var outcome = Outcome()
    var position = 0
    var turn = 0
    do {
        while position < stream.count {
            let end = min(stream.count, position + sizes[turn % sizes.count])
            try parser.feed(Array(stream[position..<end])) { event in
                outcome.events.append([event.data, event.nameBytes, event.lastEventID])
            }
            position = end
            turn += 1
        }
        outcome.isUnfinished = parser.hasUnfinishedEvent
    } catch {
        outcome.error = error as? EventStreamError
        precondition(outcome.error != nil, "an error of another kind")
    }
    outcome.retryMilliseconds = parser.retryMilliseconds
    return outcome
}
