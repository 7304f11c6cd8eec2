import Testing
import Tokens

struct TokenCounterTests {
    /// A text and its tokens in both vocabularies, from tiktoken 0.14.0.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        let o200k: [Int]
        let cl100k: [Int]
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "English", text: "The quick brown fox jumps over the lazy dog.",
            o200k: [976, 4853, 19705, 68347, 65613, 1072, 290, 29082, 6446, 13],
            cl100k: [791, 4062, 14198, 39935, 35308, 927, 279, 16053, 5679, 13]),
        Case(
            name: "German", text: "Das Pferd frisst keinen Gurkensalat.",
            o200k: [16110, 99284, 67, 1441, 79002, 42810, 59058, 106883, 65722, 13],
            cl100k: [33717, 393, 809, 67, 1448, 285, 267, 81013, 62033, 74, 729, 278, 266, 13]),
        Case(
            name: "Russian", text: "Съешь же ещё этих мягких французских булок",
            o200k: [
                3043, 3078, 40283, 12624, 55130, 50592, 84452, 12312, 121124, 24361, 17853, 2533,
            ],
            cl100k: [
                19871, 34694, 47067, 4929, 58317, 1532, 22918, 14476, 45122, 21599, 23311, 10693, 11562,
                4329, 15752, 17165, 10693, 18034, 35682, 10589, 3865, 9136, 80112, 10693, 14391, 3865,
                3114, 15088,
            ]),
        Case(
            name: "Chinese", text: "我能吞下玻璃而不伤身体",
            o200k: [7522, 6306, 190154, 3771, 183521, 181992, 15479, 3428, 63038, 135673],
            cl100k: [
                37046, 27327, 7305, 252, 17297, 29207, 119, 163, 240, 225, 69636, 16937, 17885, 97,
                96356, 33014,
            ]),
        Case(
            name: "Thai", text: "ภาษาไทยง่ายนิดเดียว",
            o200k: [194649, 20619, 103972, 1435, 18114, 125295],
            cl100k: [
                3098, 254, 21437, 3098, 102, 21437, 50856, 36984, 35609, 31534, 65841, 35609, 20795,
                31885, 38133, 28991, 38133, 99030, 38313,
            ]),
        Case(
            name: "Arabic", text: "السلام عليكم",
            o200k: [131610, 94785],
            cl100k: [32482, 20665, 8700, 50488, 45082, 8700, 14900, 32173, 10386]),
        Case(
            name: "emoji", text: "👍🎉👨\u{200D}👩\u{200D}👧",
            o200k: [82514, 71344, 231, 28823, 101, 2524, 28823, 102, 2524, 28823, 100],
            cl100k: [
                9468, 239, 235, 9468, 236, 231, 9468, 239, 101, 378, 235, 9468, 239, 102, 378, 235, 9468,
                239, 100,
            ]),
        Case(
            name: "numbers", text: "3.14159 26535",
            o200k: [18, 13, 16926, 4621, 220, 25799, 2467],
            cl100k: [18, 13, 9335, 2946, 220, 14374, 1758]),
        Case(
            name: "contractions", text: "I'll don't WE'VE it'\u{017F} 'sabc 'S",
            o200k: [67504, 4128, 26919, 6, 19511, 480, 6, 70067, 461, 82, 26682, 461, 50],
            cl100k: [40, 3358, 1541, 956, 20255, 6, 4592, 433, 6, 129, 123, 364, 82, 13997, 364, 50]),
        Case(
            name: "line ends", text: "a \n\n  b\r\n\t!/\n/x",
            o200k: [64, 1202, 220, 287, 370, 197, 0, 66186, 87],
            cl100k: [64, 4815, 220, 293, 319, 197, 0, 6018, 11009]),
        Case(
            name: "space at the end", text: "a  \n  ",
            o200k: [64, 4066, 256],
            cl100k: [64, 2355, 256]),
        Case(
            name: "space before", text: "   x    7   !",
            o200k: [256, 1215, 271, 220, 22, 256, 1073],
            cl100k: [256, 865, 262, 220, 22, 256, 758]),
        Case(
            name: "capitals after letters", text: "中文ABC ABCdef iPhone",
            o200k: [10667, 44197, 33047, 1314, 575, 7081],
            cl100k: [16325, 17161, 26484, 19921, 755, 12443]),
        Case(
            name: "marks", text: "e\u{0301}\u{0302} \u{0301}A !\u{0301}",
            o200k: [68, 13430, 128886, 220, 13430, 32, 1073, 13430],
            cl100k: [68, 54939, 136, 224, 220, 54939, 32, 758, 54939]),
        Case(
            name: "special tokens", text: "<|endoftext|><|fim_prefix|>",
            o200k: [27, 91, 419, 1440, 919, 91, 3784, 91, 103473, 33197, 91, 29],
            cl100k: [27, 91, 8862, 728, 428, 91, 1822, 91, 69, 318, 14301, 91, 29]),
        Case(
            name: "title case", text: "\u{01C5}ungla \u{02B0}A",
            o200k: [131, 227, 988, 1675, 220, 134, 108, 32],
            cl100k: [131, 227, 2234, 4355, 220, 134, 108, 32]),
        Case(
            name: "code", text: "for (let i=0;i<10;i++) { x[i] /= 2; } // done",
            o200k: [
                1938, 350, 1347, 575, 28, 15, 9372, 27, 702, 9372, 4352, 354, 1215, 1768, 60, 37808, 220,
                17, 26, 388, 602, 4167,
            ],
            cl100k: [
                2000, 320, 1169, 602, 28, 15, 4801, 27, 605, 4801, 2516, 314, 865, 1004, 60, 16860, 220,
                17, 26, 335, 443, 2884,
            ]),
    ]

    /// Texts of one giant piece, and texts whose pieces only their end decides.
    static let long = [
        String(repeating: "a", count: 2000),
        String(repeating: "=", count: 2000),
        String(repeating: " ", count: 1000) + "x",
        "\n" + String(repeating: "\u{3000}", count: 400) + "x",
        "中" + String(repeating: "A", count: 400) + "中" + String(repeating: "B", count: 400),
        String(repeating: "!?", count: 300) + "\n\n/",
        String(repeating: "ภาษาไทย", count: 40) + "'ll",
    ]

    @Test(arguments: cases)
    func `a text has the tokens that tiktoken finds`(_ test: Case) {
        let bytes = Array(test.text.utf8)
        #expect(Vocabulary.o200kBase.encode(bytes.span) == test.o200k)
        #expect(Vocabulary.cl100kBase.encode(bytes.span) == test.cl100k)
        #expect(TokenCounter.tokens(in: test.text, .o200kBase) == test.o200k.count)
        #expect(TokenCounter.tokens(in: bytes.span, .cl100kBase) == test.cl100k.count)
    }

    @Test(arguments: [Vocabulary.o200kBase, .cl100kBase], cases.map(\.text) + long)
    func `pieces count like the whole`(_ vocabulary: Vocabulary, _ text: String) {
        let bytes = Array(text.utf8)
        for size in [1, 2, 3, 7, 300] {
            var counter = TokenCounter(vocabulary)
            var start = 0
            while start < bytes.count {
                let end = min(start + size, bytes.count)
                counter.add(bytes.span.extracting(start..<end))
                start = end
                // Asked at some places only: an answer must not change the next.
                if start % (bytes.count < 300 ? 5 : 97) == 0 || start == bytes.count {
                    let soFar = String(decoding: bytes[..<start], as: UTF8.self)
                    #expect(counter.tokens == TokenCounter.tokens(in: soFar, vocabulary))
                }
            }
        }
    }

    @Test func `a giant piece is counted like its parts`() {
        // Eight letters are a token, and the row of them has no other way.
        #expect(TokenCounter.tokens(in: String(repeating: "a", count: 80_000), .o200kBase) == 10_000)
        #expect(TokenCounter.tokens(in: String(repeating: "a", count: 80_000), .cl100kBase) == 10_000)
    }

    @Test func `bytes that are no text count as replacement characters`() {
        let wrong: [[UInt8]] = [
            [0x61, 0xFF, 0x62], [0xE4, 0xB8], [0xF0, 0x9F, 0x41, 0xF0, 0x9F, 0x91],
            [0xC0, 0x80, 0xED, 0xA0, 0x80],
            [0xF5, 0xF4, 0x90, 0x80, 0x80], [0xE4, 0x61, 0xE4, 0xB8, 0xE4, 0xB8, 0xAD],
        ]
        for bytes in wrong {
            let repaired = TokenCounter.tokens(in: String(decoding: bytes, as: UTF8.self), .o200kBase)
            #expect(TokenCounter.tokens(in: bytes.span, .o200kBase) == repaired)
            var counter = TokenCounter(.o200kBase)
            for byte in bytes { counter.add([byte].span) }
            #expect(counter.tokens == repaired)
        }
    }

    @Test func `a string after half a character gives that up`() {
        var counter = TokenCounter(.o200kBase)
        counter.add([0xE4, 0xB8].span)
        counter.add("x")
        #expect(counter.tokens == TokenCounter.tokens(in: "\u{FFFD}x", .o200kBase))
    }

    @Test func `an empty string leaves half a character alone`() {
        var counter = TokenCounter(.o200kBase)
        counter.add([0xE4, 0xB8].span)
        counter.add("")
        counter.add([0xAD].span)
        #expect(counter.tokens == TokenCounter.tokens(in: "中", .o200kBase))
    }

    @Test func `nothing has no tokens`() {
        #expect(TokenCounter(.o200kBase).tokens == 0)
        #expect(TokenCounter.tokens(in: "", .cl100kBase) == 0)
        #expect(Vocabulary.o200kBase.encode([UInt8]().span).isEmpty)
    }

    @Test func `a vocabulary has the name that tiktoken gives it`() {
        #expect(Vocabulary.o200kBase.name == "o200k_base")
        #expect(Vocabulary.cl100kBase.name == "cl100k_base")
    }
}
