import Dialects
import Wire

/// Who comes in: finds the key of a request, refuses wrong ones, and counts the request against its limits.
///
/// It belongs to one configuration. What is counted lies in the store, what is known of keys passes on to a successor.
final class Admission: Sendable {
    private let configuration: Configuration.Limits
    private let store: any LimitStore
    private let clock: any RelayClock
    private let transport: any UpstreamTransport
    private let hasher: CallerHasher
    private let digester: CallerDigest
    private let gate: LimitGate
    private let keys: KeyGuard
    private let exemptCallers: Set<LimitDigest>

    /// Takes the limits of a configuration.
    ///
    /// - Parameter predecessor: one of another configuration; callers keep their names in the log.
    init(_ configuration: Configuration, _ ports: Ports, succeeding predecessor: Admission? = nil) {
        let limits = configuration.limits
        self.configuration = limits
        store = ports.limits
        clock = ports.clock
        transport = ports.transport
        hasher = predecessor?.hasher ?? CallerHasher(random: ports.random)
        let digester = CallerDigest(secret: limits.secret)
        self.digester = digester
        gate = LimitGate(limits)
        keys = KeyGuard(configuration, succeeding: predecessor?.keys)
        exemptCallers = Set(limits.exempt.callers.map { digester.digest(ofCredential: $0.revealed()) })
    }

    /// Finds the key, and refuses one that is known to be wrong, or any unknown one from where too many wrong ones came.
    func credential(
        of request: borrowing ClientRequest, _ route: Route, _ exchange: Exchange
    ) throws(Failure) -> String {
        let address = ClientAddress(request.remoteAddress)
        var party = LimitParty(address: digester.digest(of: address))
        party.isExempt = address.isContained(in: configuration.exempt.networks)
        let credential: String
        do throws(Failure) {
            credential = try Credential.find(
                in: request.headers, maximumBytes: configuration.credentialBytes)
        } catch {
            if !party.isExempt {
                try keys.check(credential: nil, address: party.address, now: exchange.started)
            }
            throw error
        }
        exchange.record.callerHash = hasher.name(of: credential)
        // A probe asks whether a key is good: the vendor says so.
        if route.isProbe { return credential }
        let caller = digester.digest(ofCredential: credential)
        party.caller = caller
        if exemptCallers.contains(caller) { party.isExempt = true }
        if !party.isExempt {
            party.acceptance = try keys.check(
                credential: caller, address: party.address, now: exchange.started)
        }
        exchange.ticket.party = party
        return credential
    }

    /// Counts a request, where that takes no time; else it is begun, and `admit` has to.
    func count(_ exchange: Exchange, _ route: Route) throws(Failure) {
        guard let limitClass = route.limitClass, let party = exchange.ticket.party,
            let claim = gate.claim(for: limitClass, of: party)
        else { return }
        if try !count(claim, exchange) { exchange.ticket.claims[0].inquiry = store.begin(claim) }
    }

    /// Counts a claim, where that takes no time.
    ///
    /// - Returns: false when `admit` has to.
    func count(_ claim: LimitClaim, _ exchange: Exchange) throws(Failure) -> Bool {
        guard let decision = store.admitAtOnce(claim) else {
            exchange.ticket.claims = [OpenClaim(claim: claim)]
            return false
        }
        try exchange.ticket.take(decision, on: claim)
        return true
    }

    /// Has a claim decided that `count` could not, or that nobody has tried; does nothing without one.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func admit(_ exchange: Exchange) async throws(ExchangeStop) {
        guard let open = exchange.ticket.claims.popLast() else { return }
        let decision =
            if let inquiry = open.inquiry { await inquiry.decision() } else { await store.admit(open.claim) }
        do throws(Failure) {
            try exchange.ticket.take(decision, on: open.claim)
        } catch {
            throw .failure(error)
        }
        // Before anything else can end the request: it would stay counted in both.
        giveBackOtherClass(exchange)
    }

    /// What a chat is to be counted for beside its request, now that it is known: its tokens, or a picture.
    func further(_ chat: PreparedChat, _ exchange: Exchange) -> LimitClaim? {
        guard let party = exchange.ticket.party else { return nil }
        if chat.painting == nil { return gate.claim(for: chat.plan, of: party) }
        exchange.ticket.beginOtherClass()
        return gate.claim(for: .image, of: party)
    }

    /// Gives back what a chat was counted for that turned out to paint, and is counted as a picture.
    func giveBackOtherClass(_ exchange: Exchange) {
        exchange.ticket.endOtherClass(in: store)
    }

    /// Has vendors look at the key of a caller for whom something is to be kept that no vendor is asked for.
    ///
    /// Else whoever makes up keys could fill the store. Keys that a vendor accepted lately pass, as do callers who are
    /// exempt, and everybody where nothing is learned of keys. So does a key of which a vendor says nothing, since it cannot
    /// be reached or has too much to do: callers do not lose what the relay can do without it.
    ///
    /// Several vendors are asked one after the other, until one does not refuse the key.
    ///
    /// - Throws: what the last vendor said against the key.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func vet(
        _ credential: String, of exchange: Exchange, by vendors: [Vendor]
    ) async throws(ExchangeStop) {
        guard keys.isOn, let party = exchange.ticket.party, !party.isExempt, party.acceptance == nil
        else { return }
        exchange.isKeyNoted = true
        var outcome: KeyGuard.Outcome?
        for vendor in vendors {
            let question = KeyQuestion(
                upstream: vendor.upstream, credential: credential, transport: transport)
            outcome = KeyGuard.Outcome(await question.refusal(for: exchange))
            guard case .refused = outcome else { break }
        }
        if let outcome { note(outcome, exchange) }
        if Task.isCancelled { throw .clientGone }
        if case .refused(let failure) = outcome { throw .failure(failure) }
    }

    /// Remembers what a vendor said of the caller's key, unless that was done.
    // Not inlined for the sake of the caller's frame: see `Relay.answer`.
    @inline(never) func noteKey(_ exchange: Exchange) {
        guard exchange.record.upstreamCalls > 0, !exchange.isKeyNoted else { return }
        exchange.isKeyNoted = true
        var outcome: KeyGuard.Outcome?
        if exchange.record.outcome == .ok {
            outcome = .accepted
        } else if case .failure(let failure) = exchange.vendorStop {
            outcome = KeyGuard.Outcome(failure)
        }
        if let outcome { note(outcome, exchange) }
    }

    private func note(_ outcome: KeyGuard.Outcome, _ exchange: Exchange) {
        guard let party = exchange.ticket.party, let caller = party.caller else { return }
        // Who is exempt is not counted at all.
        if party.isExempt, case .refused = outcome { return }
        keys.note(
            outcome, credential: caller, address: party.address, now: clock.now(), known: party.acceptance)
    }
}
