/// Finds the parts of a form in a body that comes in pieces: https://www.rfc-editor.org/rfc/rfc2046#section-5.1
///
/// What it gives does not depend on where the pieces end. Of a file no more is kept than its beginning, of the body no
/// more than the last piece and what may be the start of a boundary before it.
struct MultipartParser {
    private enum State {
        /// Before the first boundary, or in a part's content.
        case content
        /// At what looks like a boundary.
        case boundary
        /// Behind a boundary's line.
        case header
        /// Behind the last boundary.
        case end
    }

    private let limits: MultipartForm.Limits
    private let search: PatternSearch
    private var form = MultipartForm()
    private var state = State.content
    /// The part whose content is read; nil before the first one.
    private var part: Part?
    /// Bytes of the values of all fields.
    private var fieldBytes = 0
    /// What has come and is still needed. A body begins as if a line had ended before it.
    private var window: [UInt8] = [ASCII.carriageReturn, ASCII.lineFeed]
    /// Where in the body the window begins.
    private var base = -2
    /// Where in the window reading goes on.
    private var position = 0

    /// A part while its content is read.
    private struct Part {
        var header: PartHeader
        /// Where its content begins, in the body.
        var start: Int
        /// A field's value so far, or a file's beginning.
        var kept: [UInt8] = []
    }

    /// Behind a boundary there may be so much space, in bytes; more is content.
    private static let maximumPadding = 256

    init(boundary: String, limits: MultipartForm.Limits) {
        self.limits = limits
        search = PatternSearch(Array("\r\n--\(boundary)".utf8))
    }

    /// True when nothing that comes can change anything.
    var isFinished: Bool { state == .end }

    /// Takes the next piece of the body.
    mutating func feed(_ piece: [UInt8]) throws(MultipartError) {
        base += position
        window.removeFirst(position)
        position = 0
        window.append(contentsOf: piece)
        while try step() {}
    }

    /// The form, when all of the body has come.
    func finish() throws(MultipartError) -> MultipartForm {
        guard isFinished else {
            let hasBegun = part != nil || state != .content
            throw MultipartError(hasBegun ? .incomplete : .noBoundary, offset: base + window.count)
        }
        return form
    }

    /// Goes on by one thing; false when that needs more of the body.
    private mutating func step() throws(MultipartError) -> Bool {
        switch state {
        case .content: try readContent()
        case .boundary: try readBoundary()
        case .header: try readHeader()
        case .end: false
        }
    }

    /// Up to what looks like a boundary.
    private mutating func readContent() throws(MultipartError) -> Bool {
        if let found = search.first(in: window.span, from: position) {
            try take(upTo: found)
            state = .boundary
            return true
        }
        try take(upTo: max(position, window.count - search.pattern.count + 1))
        return false
    }

    /// At what looks like a boundary; it is one when nothing but its end or space is on the line.
    private mutating func readBoundary() throws(MultipartError) -> Bool {
        var next = position + search.pattern.count
        guard next + 2 <= window.count else { return false }
        if window[next] == ASCII.minus, window[next + 1] == ASCII.minus {
            try close()
            // What follows is for readers of mail.
            position = window.count
            state = .end
            return true
        }
        let mostPadded = next + Self.maximumPadding
        while next < window.count, next < mostPadded, window[next] == ASCII.space || window[next] == ASCII.tab
        {
            next += 1
        }
        guard next + 2 <= window.count else { return false }
        if window[next] == ASCII.lineFeed {
            throw MultipartError(.malformedPart, offset: base + next)
        }
        guard window[next] == ASCII.carriageReturn, window[next + 1] == ASCII.lineFeed else {
            try take(upTo: position + search.pattern.count)
            state = .content
            return true
        }
        try close()
        position = next + 2
        state = .header
        return true
    }

    /// Behind a boundary's line: the header lines and the empty one.
    private mutating func readHeader() throws(MultipartError) -> Bool {
        let start = base + position
        guard form.fields.count + form.files.count < limits.parts else {
            throw MultipartError(.tooManyParts(limit: limits.parts), offset: start)
        }
        guard let end = try headerEnd() else { return false }
        let header = try PartHeader(window[position..<end], offset: start, limits: limits)
        part = Part(header: header, start: base + end + 4)
        // Where a part has no content, the line end before the boundary may be that of the empty line.
        position = end + 2
        state = .content
        return true
    }

    /// Where the empty line's end begins together with that of the line before; nil when it has not come yet.
    private func headerEnd() throws(MultipartError) -> Int? {
        for end in position...position + limits.headerBytes {
            guard end + 4 <= window.count else { return nil }
            let isLineEnd = window[end] == ASCII.carriageReturn && window[end + 1] == ASCII.lineFeed
            if isLineEnd, window[end + 2] == ASCII.carriageReturn, window[end + 3] == ASCII.lineFeed {
                return end
            }
            let isFirst = end == position
            // No line at all, or one that ends in LF alone.
            if isLineEnd && isFirst
                || window[end] == ASCII.lineFeed && (isFirst || window[end - 1] != ASCII.carriageReturn)
            {
                throw MultipartError(.malformedPart, offset: base + position)
            }
        }
        throw MultipartError(.headerTooLong(limit: limits.headerBytes), offset: base + position)
    }

    /// Takes content up to a place in the window.
    private mutating func take(upTo end: Int) throws(MultipartError) {
        defer { position = end }
        // Taken out, so that what is kept has one owner and grows in place.
        guard var part = self.part.take() else { return }
        defer { self.part = part }
        let content = window[max(position, min(end, part.start - base))..<end]
        guard part.header.fileName == nil else {
            part.kept.append(contentsOf: content.prefix(limits.prefixBytes - part.kept.count))
            return
        }
        // The limit that was reached first, however much came at once.
        let room = limits.fieldBytes - part.kept.count
        let allRoom = limits.allFieldBytes - fieldBytes
        guard content.count <= min(room, allRoom) else {
            let kind: MultipartError.Kind =
                room <= allRoom
                ? .fieldTooLong(name: part.header.name, limit: limits.fieldBytes)
                : .fieldsTooLong(limit: limits.allFieldBytes)
            throw MultipartError(kind, offset: part.start)
        }
        fieldBytes += content.count
        part.kept.append(contentsOf: content)
    }

    /// Ends the part whose content stands before the boundary that was found.
    private mutating func close() throws(MultipartError) {
        guard let part = self.part.take() else { return }
        if let fileName = part.header.fileName {
            form.files.append(
                MultipartForm.File(
                    name: part.header.name, fileName: fileName, contentType: part.header.contentType,
                    range: part.start..<max(part.start, base + position), prefix: part.kept))
        } else {
            guard let value = String(validating: part.kept, as: UTF8.self) else {
                throw MultipartError(.notText(name: part.header.name), offset: part.start)
            }
            form.fields.append(MultipartForm.Field(name: part.header.name, value: value))
        }
    }
}
