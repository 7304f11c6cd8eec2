/// Makes reasoning, tool calls and JSON of the text of a model that has none of them.
///
/// Text passes at once, except what may become the beginning of a tag or a label, and what has to fit a form. The same
/// text gives the same answer whatever the borders of its pieces.
public struct EmulatedAnswer: Sendable {
    private let emulation: Emulation
    private var furtherCalls: Int
    private var phase: Phase
    private var lead = AnswerLead()
    private var scanner: AnswerScanner
    private var calls: ToolCallReader
    /// Text that may be the beginning of something.
    private var held: [UInt8] = []
    /// The whole answer of this upstream call, to be shown to the model if it has to answer again.
    private var said: [UInt8] = []
    /// Text that has to fit the form.
    private var formText: [UInt8] = []
    /// What cannot be used of the text, to be given as it is if the further call gives no better.
    private var unusable: [UInt8] = []
    /// What was held when the answer failed.
    private var lost: [UInt8] = []
    private var complaint: FollowUp?
    private var hasGivenText = false
    /// Whether text was given before the further call.
    private var hasGivenTextBefore = false
    private var isFurther = false
    private var hasEnded = false

    /// The most bytes of an answer that are kept, for a call or a form: 4 MiB.
    public static let maximumHeldBytes = 4 << 20

    /// An answer at its beginning.
    ///
    /// - Parameter furtherCalls: how many further upstream calls are allowed when the answer cannot be used, 0 or 1.
    public init(_ emulation: Emulation, furtherCalls: Int) {
        self.emulation = emulation
        self.furtherCalls = emulation.mayAskAgain ? furtherCalls : 0
        scanner = AnswerScanner(emulation)
        calls = ToolCallReader(emulation, isChecking: self.furtherCalls > 0)
        phase = Phase(emulation)
    }

    /// The turns to put behind the request's for the further call: what the model said, and what is wrong with it.
    ///
    /// Nil when none is wanted. The events of that call go into this same value, beginning with the next `take`.
    public private(set) var followUp: [Turn]?

    /// True when nothing more of the upstream is needed, so that its call can be cancelled.
    ///
    /// The end is not given yet: `giveUp` gives it, or the upstream's own end.
    public var isOver: Bool { phase == .over || hasEnded }

    /// True when every event will be given as it comes, so that this value is not needed any more.
    public var isIdle: Bool { phase == .plain && lead.isPassed && !hasEnded && !isFurther }

    /// Bytes of the upstream's text that are kept for what may become of them.
    public var heldBytes: Int {
        said.count + held.count + formText.count + unusable.count + lead.held.count + calls.heldBytes
    }

    /// The upstream's text of which nothing was given: it is held, or was when the answer failed.
    ///
    /// So that it can be counted: it is paid for. What was held of an answer before the further one is not in it.
    public var ungivenText: [UInt8] {
        guard !hasEnded else { return lost }
        return lead.held + formText + (isFurther ? [] : unusable) + (phase == .call ? calls.raw : []) + held
    }

    /// Takes the next event of the upstream, and gives events for the client.
    ///
    /// After `finished` of the upstream either `finished` or `failed` comes out, or `followUp` is set.
    public mutating func take(_ event: GenerationEvent, _ emit: (GenerationEvent) -> Void) {
        if case .text = event, phase == .plain, lead.isPassed {
            emit(event)
            return
        }
        guard !hasEnded else { return }
        if followUp != nil { beginFurtherCall() }
        switch event {
        case .started: if !isFurther { emit(event) }
        case .text(let piece): takeText(piece, emit)
        case .finished(let reason): finish(reason, emit)
        case .failed(let failure): fail(failure, emit)
        default: emit(event)
        }
    }

    /// Ends an answer of which no more comes: its further call is not made or failed before its head, or it is over.
    ///
    /// Gives what can be given, then the end.
    public mutating func giveUp(_ emit: (GenerationEvent) -> Void) {
        guard !hasEnded else { return }
        guard followUp != nil else { return finish(.stop, emit) }
        followUp = nil
        if case .form(let reason) = complaint { return fail(Self.unfit(reason), emit) }
        giveUnusable(emit)
        end(.stop, emit)
    }

    // MARK: Text

    private mutating func takeText(_ piece: String, _ emit: (GenerationEvent) -> Void) {
        guard phase != .over else { return }
        if furtherCalls > 0 { keep(piece, emit) }
        let rest = lead.take(
            piece, thinkTags: emulation.options.thinkTags, labelLevel: emulation.labelLevel, emit)
        if let rest, !rest.isEmpty { takeBody(rest, emit) }
        checkHeld(emit)
    }

    private mutating func takeBody(_ piece: String, _ emit: (GenerationEvent) -> Void) {
        switch phase {
        case .plain: give(piece, emit)
        case .text where held.isEmpty && (scanner.isIdle || AnswerScanner.isPlain(piece)):
            scanner.pass(piece)
            give(piece, emit)
        case .unusable: unusable += piece.utf8
        case .over: break
        default:
            var bytes = held
            held = []
            bytes += piece.utf8
            read(bytes, isEnd: false, emit)
        }
    }

    /// Reads bytes that begin with what was held back.
    private mutating func read(_ bytes: [UInt8], isEnd: Bool, _ emit: (GenerationEvent) -> Void) {
        var index = 0
        while index < bytes.count {
            switch phase {
            case .opening:
                guard let start = readOpening(bytes, isEnd: isEnd) else {
                    held = bytes
                    return
                }
                index = start
            case .bareCall:
                held = bytes
                return
            case .plain, .text:
                switch scanner.scan(bytes, from: index, isEnd: isEnd) {
                case .text(let end):
                    give(bytes.text(index, end), emit)
                    held = Array(bytes[end...])
                    return
                case .call(let textEnd, let next, let isFenced):
                    give(bytes.text(index, textEnd), emit)
                    calls.begin(bytes[textEnd..<next], isFenced: isFenced)
                    phase = .call
                    index = next
                case .over(let textEnd):
                    give(bytes.text(index, textEnd), emit)
                    phase = .over
                    return
                }
            case .call:
                index = calls.feed(bytes, from: index, isEnd: isEnd)
                guard leaveCall(emit) else {
                    held = Array(bytes[index...])
                    return
                }
            case .unusable:
                unusable += bytes[index...]
                return
            case .over: return
            }
        }
    }

    /// Decides what an answer begins with; nil when that cannot be told yet, else where it is to be read from.
    private mutating func readOpening(_ bytes: [UInt8], isEnd: Bool) -> Int? {
        let start = bytes.skipBlanks(from: 0, limit: Self.maximumOpeningBlanks)
        switch start < bytes.count ? BareCall.match(bytes, at: start, emulation.tools) : .partial {
        case .partial where !isEnd: return nil
        case .found:
            phase = .bareCall
            return 0
        case .partial, .no: break
        }
        // White space before a call is no text of its own.
        var copy = scanner
        let find = copy.scan(bytes, from: start, isEnd: isEnd)
        if find == .text(end: start), !isEnd { return nil }
        phase = .text
        if case .call(start, _, _) = find { return start }
        return 0
    }

    private static let maximumOpeningBlanks = 64

    /// Gives what the calls gave, and goes on behind them if they ended; false while they go on.
    private mutating func leaveCall(_ emit: (GenerationEvent) -> Void) -> Bool {
        giveCalls(emit)
        switch calls.state {
        case .reading: return false
        case .ended:
            scanner.callEnded()
            phase = calls.isComplete ? .over : .text
        case .unusable(let reason):
            let raw = calls.raw
            if case .malformed(let reason) = reason, furtherCalls > 0, calls.count == 0 {
                complaint = .call(reason)
                unusable = raw
                phase = .unusable
            } else {
                let text = raw.text(0, raw.count)
                scanner.pass(text)
                give(text, emit)
                phase = .text
            }
        }
        return true
    }

    private mutating func giveCalls(_ emit: (GenerationEvent) -> Void) {
        guard !calls.events.isEmpty else { return }
        // What is said beside a call needs no form.
        if !formText.isEmpty {
            emit(.text(formText.text(0, formText.count)))
            formText = []
        }
        for event in calls.events { emit(event) }
        calls.events = []
    }

    private mutating func give(_ text: String, _ emit: (GenerationEvent) -> Void) {
        guard !text.isEmpty else { return }
        // What was said before the further call is not said again.
        if isFurther, hasGivenTextBefore { return }
        if emulation.form != nil, calls.count == 0 {
            formText += text.utf8
            return
        }
        if !hasGivenText, text.utf8.contains(where: { !$0.isASCIIBlank }) { hasGivenText = true }
        emit(.text(text))
    }

    // MARK: The end

    private mutating func finish(_ reason: FinishReason, _ emit: (GenerationEvent) -> Void) {
        let isCut = reason != .stop
        if phase != .over {
            if let rest = lead.finish(emit) { takeBody(rest, emit) }
            finishBody(isCut: isCut, emit)
        }
        if !isCut, furtherCalls > 0 {
            if phase == .unusable { return askAgain() }
            if emulation.tools.isCallRequired, calls.count == 0 {
                complaint = .missingCall
                return askAgain()
            }
        }
        if phase == .unusable || isFurther && calls.count == 0 && hasGivenTextBefore { giveUnusable(emit) }
        guard emulation.form != nil, calls.count == 0 else { return end(reason, emit) }
        finishForm(reason, emit)
    }

    private mutating func finishBody(isCut: Bool, _ emit: (GenerationEvent) -> Void) {
        let bytes = held
        held = []
        if phase == .bareCall {
            if let call = isCut ? nil : BareCall.call(in: bytes, emulation.tools) {
                calls.give(call)
                return giveCalls(emit)
            }
            phase = .text
        }
        read(bytes, isEnd: true, emit)
        guard phase == .call else { return }
        calls.finish(isCut: isCut)
        if !leaveCall(emit) { phase = .text }
    }

    private mutating func finishForm(_ reason: FinishReason, _ emit: (GenerationEvent) -> Void) {
        guard reason == .stop, let form = emulation.form else {
            // What was cut off cannot fit, and the client learns that it was.
            return giveForm(formText, reason, emit)
        }
        switch form.read(formText) {
        case .fits(let json): giveForm(json, reason, emit)
        case .complaint(let complaint) where furtherCalls > 0:
            self.complaint = .form(complaint)
            askAgain()
        case .complaint(let complaint): fail(Self.unfit(complaint), emit)
        }
    }

    private mutating func giveForm(
        _ bytes: [UInt8], _ reason: FinishReason, _ emit: (GenerationEvent) -> Void
    ) {
        let text = String(decoding: bytes, as: UTF8.self)
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            emit(.text(String(rest.prefix(Self.pieceCharacters))))
            rest = rest.dropFirst(Self.pieceCharacters)
        }
        formText = []
        end(reason, emit)
    }

    private static let pieceCharacters = 1024

    private mutating func end(_ reason: FinishReason, _ emit: (GenerationEvent) -> Void) {
        hasEnded = true
        letGo()
        emit(.finished(calls.count > 0 && reason == .stop ? .toolCalls : reason))
    }

    private mutating func fail(_ failure: Failure, _ emit: (GenerationEvent) -> Void) {
        if !held.isEmpty, phase == .text {
            give(held.text(0, held.count), emit)
            held = []
        }
        lost = ungivenText
        hasEnded = true
        letGo()
        emit(.failed(failure))
    }

    private mutating func letGo() {
        held = []
        said = []
        formText = []
        unusable = []
        calls.letGo()
        phase = .over
    }

    private mutating func giveUnusable(_ emit: (GenerationEvent) -> Void) {
        let text = unusable.text(0, unusable.count)
        unusable = []
        isFurther = false
        give(text, emit)
    }

    // MARK: The further call

    private mutating func askAgain() {
        followUp = (complaint ?? .missingCall).turns(after: said.text(0, said.count), emulation.marker)
    }

    private mutating func beginFurtherCall() {
        followUp = nil
        furtherCalls -= 1
        isFurther = true
        hasGivenTextBefore = hasGivenText
        if !hasGivenText { unusable = [] }
        said = []
        formText = []
        held = []
        lead = AnswerLead()
        scanner = AnswerScanner(emulation)
        calls = ToolCallReader(emulation, isChecking: furtherCalls > 0)
        phase = Phase(emulation)
    }

    // MARK: Limits

    private mutating func keep(_ piece: String, _ emit: (GenerationEvent) -> Void) {
        said += piece.utf8
        guard said.count > Self.maximumHeldBytes else { return }
        // Too much to be shown again.
        said = []
        furtherCalls = 0
        calls.isChecking = false
        if phase == .unusable {
            phase = .text
            giveUnusable(emit)
        }
    }

    private mutating func checkHeld(_ emit: (GenerationEvent) -> Void) {
        guard heldBytes - said.count > Self.maximumHeldBytes, !hasEnded else { return }
        fail(
            Failure(
                .answerUnusable,
                "The model's call or JSON is longer than \(Self.maximumHeldBytes >> 20) MiB.",
                code: "invalid_structured_output"), emit)
    }
}
