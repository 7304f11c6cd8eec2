/// Lets other tasks run until a condition holds, for five seconds at most.
///
/// - Returns: whether it holds; use it in `#expect`.
public func eventually(_ condition: () async -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(5)
    while !(await condition()) {
        guard clock.now < deadline else { return false }
        // Cancellation only makes the wait shorter.
        try? await Task.sleep(for: .microseconds(200))
    }
    return true
}
