internal import CGI
internal import EventLoop
internal import Glibc
internal import Relay
internal import Synchronization

/// What signals do to the service; all of it on the first loop's thread.
extension Service {
    /// What must be blocked before any thread exists.
    static let handledSignals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD]

    /// Begins to listen to signals.
    ///
    /// - Parameters:
    ///   - launch: how to start a successor.
    ///   - read: reads the configuration again; may block.
    /// - Throws: `ExitReason` when the system is out of descriptors.
    func handleSignals(
        _ launch: Launch, read: @escaping @Sendable () throws(ConfigurationError) -> Configuration
    ) throws(ExitReason) {
        let reloader = Reloader(log: log, manager: manager, read: read) { [self] in apply($0) }
        let takeover = Takeover(
            loop: loops[0], launch: launch, log: log, isSupervised: manager.isThere
        ) { [self] in
            socket.withLock { $0 }
        } whenDone: { [self] in
            leave(to: $0)
        }
        try orFail { () throws(EventLoopError) in
            let source = try SignalSource(Self.handledSignals) { [self] signal in
                switch signal {
                case SIGTERM, SIGINT:
                    takeover.abandon()
                    stop(signal, takeover)
                case SIGHUP where isServing:
                    takeover.noteReload()
                    reloader.reload()
                case SIGUSR2: takeover.begin()
                case SIGCHLD: takeover.childEnded()
                default: log.event(.info, "signal ignored", [LogField("signal", .int(Int(signal)))])
                }
            }
            try source.start(on: loops[0])
        }
    }

    /// Whether it serves, and neither stops nor has a successor.
    var isServing: Bool {
        ending.withLock { if case .none = $0 { true } else { false } }
    }

    /// Finishes what runs, within the drain time.
    private func stop(_ signal: Int32, _ takeover: Takeover) {
        let before = ending.withLock { ending in
            let before = ending
            switch before {
            case .none, .succeeded: ending = .draining
            case .draining, .cut: ending = .cut(128 + signal)
            }
            return before
        }
        switch before {
        case .none, .succeeded: break
        case .draining: return cut(takeover)
        case .cut: exitNow(128 + signal)
        }
        let drainTimeout = currentConfiguration.drainTimeout
        log.event(.info, "draining", [LogField("timeout_ms", .duration(drainTimeout))])
        let timer = LoopTimer { [self] in
            log.event(.warning, "drain time is over, exchanges are cut", [])
            server.cancelAll()
            let lastTimer = LoopTimer { [self] in endLoops(takeover) }
            loops[0].set(lastTimer, deadline: loops[0].deadline(after: .seconds(1)))
        }
        loops[0].set(timer, deadline: loops[0].deadline(after: drainTimeout))
        if case .none = before {
            manager.tell(.stopping(within: drainTimeout))
            socket.withLock { $0 = nil }
            server.stop { [self] in endLoops(takeover) }
        }
    }

    /// Ends what runs, after a second signal: whoever sends it does not want to wait. What is cut is logged, and what it held
    /// is free.
    private func cut(_ takeover: Takeover) {
        server.cancelAll()
        let timer = LoopTimer { [self] in endLoops(takeover) }
        loops[0].set(timer, deadline: loops[0].deadline(after: Self.cutPatience))
    }

    /// How long exchanges may take to notice that they are cut.
    private static let cutPatience = Duration.milliseconds(200)

    /// Finishes what runs while a successor serves; each exchange is bounded by its own time-outs.
    private func leave(to successor: Int32) {
        log.event(.info, "succeeded by another process", [LogField("pid", .int(Int(successor)))])
        ending.withLock { $0 = .succeeded }
        manager.tell(.successor(successor))
        socket.withLock { $0 = nil }
        server.stop(isSucceeded: true) { [self] in endLoops() }
    }

    private func endLoops(_ takeover: Takeover? = nil) {
        loops[0].submit { [self] in
            if case .cut(let code) = ending.withLock({ $0 }) {
                ports.limits.finish()
                exitNow(code)
            }
            let end = { [self] in
                log.event(.info, "stopped", [])
                for loop in loops { loop.stop() }
            }
            if let takeover { takeover.whenSettled(end) } else { end() }
        }
    }
}
