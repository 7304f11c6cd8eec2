import Testing
import Wire

@Suite struct EventStreamParserTests {
    /// What an event said, copied out of the callback.
    struct Seen: Equatable {
        var name: String
        var data: String
        var id: String

        init(_ data: String, name: String = "message", id: String = "") {
            self.name = name
            self.data = data
            self.id = id
        }

        init(_ event: ServerSentEvent) {
            self.init(
                String(decoding: event.data, as: UTF8.self), name: event.name,
                id: String(decoding: event.lastEventID, as: UTF8.self))
        }
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var stream: String
        var events: [Seen]
        var isUnfinished = false

        init(_ name: String, _ stream: String, _ events: [Seen], isUnfinished: Bool = false) {
            self.name = name
            self.stream = stream
            self.events = events
            self.isUnfinished = isUnfinished
        }

        var testDescription: String { name }
    }

    static let cases = [
        Case("nothing", "", []),
        Case("one event", "data: a\n\n", [Seen("a")]),
        Case("an event name", "event: content\ndata: {}\n\n", [Seen("{}", name: "content")]),
        Case("the name after the data", "data: {}\nevent: content\n\n", [Seen("{}", name: "content")]),
        Case("the last name wins", "event: a\nevent: b\ndata: x\n\n", [Seen("x", name: "b")]),
        Case("an empty name is no name", "event: a\nevent:\ndata: x\n\n", [Seen("x")]),
        Case(
            "a name lasts for one event", "event: a\ndata: 1\n\ndata: 2\n\n",
            [Seen("1", name: "a"), Seen("2")]),
        Case("data lines are joined", "data: a\ndata: b\ndata: c\n\n", [Seen("a\nb\nc")]),
        Case("empty data lines count", "data\ndata\n\n", [Seen("\n")]),
        Case("one empty data line", "data:\n\n", [Seen("")]),
        Case(
            "one space is taken off", "data:a\n\ndata: a\n\ndata:  a\n\n", [Seen("a"), Seen("a"), Seen(" a")]),
        Case("a tab is not a space", "data:\ta\n\n", [Seen("\ta")]),
        Case("spaces at the end stay", "data: a \n\n", [Seen("a ")]),
        Case("a colon in the value", "data: a: b\n\n", [Seen("a: b")]),
        Case("CR LF", "event: e\r\ndata: a\r\ndata: b\r\n\r\n", [Seen("a\nb", name: "e")]),
        Case("CR", "event: e\rdata: a\rdata: b\r\r", [Seen("a\nb", name: "e")]),
        Case(
            "mixed line ends", "data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r", [Seen("a\nb\nc"), Seen("d")]),
        Case("LF CR are two ends", "data: a\n\rdata: b\n\n", [Seen("a"), Seen("b")]),
        Case("many empty lines", "\n\n\r\n\r\r\ndata: a\n\n\n\n\n", [Seen("a")]),
        Case("comments", ": waiting\n\n:\n:x\ndata: a\n: between\ndata: b\n\n", [Seen("a\nb")]),
        Case("unknown fields", "foo: 1\ndat: 2\ndatas: 3\ndata: a\nEvent: x\n data: no\n\n", [Seen("a")]),
        Case("an event without data is dropped", "event: a\n\ndata: b\n\n", [Seen("b")]),
        Case(
            "an id lasts", "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
            [Seen("a", id: "7"), Seen("b", id: "7"), Seen("c")]),
        Case("an id without data lasts as well", "id: 7\n\ndata: b\n\n", [Seen("b", id: "7")]),
        Case("an id with NUL is ignored", "id: 7\nid: 8\0\ndata: a\n\n", [Seen("a", id: "7")]),
        Case("a byte order mark", "\u{FEFF}data: a\n\n", [Seen("a")]),
        Case("only one byte order mark", "\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", [Seen("b")]),
        Case("a byte order mark later is none", "data: a\n\n\u{FEFF}data: b\n\n", [Seen("a")]),
        Case("half a byte order mark", "ﻀdata: a\n\ndata: b\n\n", [Seen("b")]),
        Case("UTF-8", "event: é\ndata: 世界 😀\n\n", [Seen("世界 😀", name: "é")]),
        Case("an unfinished event", "data: a\n\ndata: b\n", [Seen("a")], isUnfinished: true),
        Case("an unfinished line", "data: a\n\ndata: b", [Seen("a")], isUnfinished: true),
        Case("an unfinished name", "event: a\n", [], isUnfinished: true),
        Case("an unfinished comment is no event", "data: a\n\n: b", [Seen("a")]),
        Case("a finished comment is no event", "data: a\n\n: b\n", [Seen("a")]),
        Case("the end of the example", "data: [DONE]\n\n", [Seen("[DONE]")]),
        Case(
            "the examples of the standard",
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [Seen("first event", id: "1"), Seen("second event"), Seen(" third event")]),
    ]

    func run(_ stream: [UInt8], chunk: Int, limit: Int = 1 << 20) throws -> (
        events: [Seen], isUnfinished: Bool
    ) {
        var parser = EventStreamParser(maximumEventBytes: limit)
        var events: [Seen] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + chunk)
            try parser.feed(Array(stream[start..<end])) { events.append(Seen($0)) }
            start = end
        }
        return (events, parser.hasUnfinishedEvent)
    }

    @Test(arguments: cases, [1, 2, 3, Int.max >> 1])
    func `events are the same whatever the chunks`(_ one: Case, _ chunk: Int) throws {
        let result = try run(Array(one.stream.utf8), chunk: chunk)
        #expect(result.events == one.events)
        #expect(result.isUnfinished == one.isUnfinished)
    }

    @Test(arguments: cases)
    func `events are the same wherever one border is`(_ one: Case) throws {
        let stream = Array(one.stream.utf8)
        for border in 0...stream.count {
            var parser = EventStreamParser()
            var events: [Seen] = []
            let first = stream[..<border]
            try parser.feed(first.span) { events.append(Seen($0)) }
            try parser.feed([]) { events.append(Seen($0)) }
            let second = stream[border...]
            try parser.feed(second.span) { events.append(Seen($0)) }
            #expect(events == one.events)
        }
    }

    @Test func `an event is handed over with its last line end and not later`() throws {
        for end in ["\n\n", "\r\r", "\r\n\r"] {
            #expect(try run(Array(("data: a" + end).utf8), chunk: 1).events == [Seen("a")])
        }
    }

    @Test func `retry is kept when it is digits only`() throws {
        var parser = EventStreamParser()
        #expect(parser.retryMilliseconds == nil)
        for (line, expected) in [
            ("retry: 3000", 3000), ("retry: x", 3000), ("retry: -1", 3000), ("retry", 3000), ("retry:5", 5),
            ("retry: 99999999999999999999", 5), ("retry: 1 ", 5), ("retry: 0", 0),
        ] {
            try parser.feed(Array((line + "\n").utf8)) { _ in }
            #expect(parser.retryMilliseconds == expected)
        }
    }

    @Test func `names and data are compared without strings`() throws {
        var parser = EventStreamParser()
        var results: [Bool] = []
        try parser.feed(Array("event: content\ndata: [DONE]\n\ndata\n\n".utf8)) { event in
            results += [
                event.isNamed("content"), event.isNamed("conten"), event.isNamed("contents"),
                event.isNamed("message"), event.hasData("[DONE]"), event.hasData("[DONE"), event.hasData(""),
            ]
        }
        #expect(
            results == [true, false, false, false, true, false, false]
                + [false, false, false, true, false, false, true])
    }

    @Test(arguments: [1, 2, 3, 1000])
    func `an event is taken at the limit and refused one past it`(_ chunk: Int) throws {
        // 13 bytes without line ends; comments do not count.
        let stream = Array("event: e\n: a comment\r\ndata:\n\n".utf8)
        #expect(try run(stream, chunk: chunk, limit: 13).events == [Seen("", name: "e")])
        let error = #expect(throws: EventStreamError.self) { try run(stream, chunk: chunk, limit: 12) }
        #expect(error?.code == .eventTooLarge)
        #expect(error?.maximumEventBytes == 12)
        #expect(error?.description == "an event is larger than 12 bytes")
    }

    @Test(arguments: [1, 2, 3, 1000])
    func `a comment is taken at the limit and refused one past it`(_ chunk: Int) throws {
        let stream = Array(":1234567\n:1234567\n:1234567\ndata: a\n\n".utf8)
        #expect(try run(stream, chunk: chunk, limit: 8).events == [Seen("a")])
        #expect(throws: EventStreamError.self) { try run(stream, chunk: chunk, limit: 7) }
    }

    @Test func `a line that never ends is refused as soon as it passes the limit`() throws {
        var parser = EventStreamParser(maximumEventBytes: 100)
        try parser.feed(Array(repeating: 0x61, count: 100)) { _ in }
        #expect(throws: EventStreamError.self) { try parser.feed([0x61]) { _ in } }
        #expect(throws: EventStreamError.self) { try parser.feed(Array("\n\n".utf8)) { _ in } }
    }

    @Test func `the limit is for one event and not for the stream`() throws {
        let stream = Array(String(repeating: "data: abc\n\n", count: 1000).utf8)
        #expect(try run(stream, chunk: 7, limit: 9).events.count == 1000)
    }

    @Test func `an event inside one chunk is a slice of the chunk`() throws {
        let chunk = Array("data: one\n\nevent: e\ndata: two\n\n".utf8)
        var parser = EventStreamParser()
        var ranges: [Range<Int>] = []
        try unsafe chunk.withUnsafeBufferPointer { memory in
            try parser.feed(chunk) { event in
                let isSame = unsafe event.data.withUnsafeBufferPointer { data in
                    unsafe data.baseAddress == memory.baseAddress.map { unsafe $0 + event.data.startIndex }
                }
                #expect(isSame)
                ranges.append(event.data.indices)
            }
        }
        #expect(ranges == [6..<9, 26..<29])
    }

    @Test func `a slice may outlive the callback`() throws {
        var parser = EventStreamParser()
        var kept: [ArraySlice<UInt8>] = []
        for piece in ["data: on", "e\n\nda", "ta: two\ndata: x\n", "\ndata: three\n\n"] {
            try parser.feed(Array(piece.utf8)) { kept.append($0.data) }
        }
        #expect(kept.map { String(decoding: $0, as: UTF8.self) } == ["one", "two\nx", "three"])
    }

    @Test func `an error of the closure comes through`() {
        struct Enough: Error {}
        var parser = EventStreamParser()
        #expect(throws: Enough.self) { try parser.feed(Array("data: a\n\n".utf8)) { _ in throw Enough() } }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a large event that arrives byte by byte takes linear time`() throws {
        // Four megabytes: looking at all of them again with each byte would take an hour.
        let count = 4 << 20
        var parser = EventStreamParser(maximumEventBytes: count + 6)
        var size = 0
        try parser.feed(Array("data: ".utf8)) { _ in }
        for _ in 0..<count { try parser.feed([0x61]) { _ in } }
        try parser.feed(Array("\n\n".utf8)) { size = $0.data.count }
        #expect(size == count)
    }
}
