import Testing

@testable import Wire

@Suite struct TextAppendingTests {
    /// Around each power of ten, where the number of digits changes.
    static let numbers: [Int] = [0, 1, 9, .max, .min] + powers.flatMap { [$0 - 1, $0, $0 + 1, -$0] }
    static let powers = (1...18).map { exponent in (0..<exponent).reduce(1) { power, _ in power * 10 } }

    @Test(arguments: numbers) func `a number has its digits`(_ number: Int) {
        var bytes: [UInt8] = [0x3D]
        bytes.appendDigits(of: number)
        #expect(bytes == Array("=\(number)".utf8))
    }

    @Test(arguments: [UInt.max, 10_000_000_000_000_000_000, 9_999_999_999_999_999_999, 1 << 63])
    func `a number of 64 bits has its digits`(_ number: UInt) {
        var bytes: [UInt8] = []
        bytes.appendDigits(of: number)
        #expect(bytes == Array("\(number)".utf8))
    }

    @Test func `pieces come one after the other, however much room there was`() {
        for capacity in 0..<40 {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(capacity)
            bytes.append(literal: "abc")
            bytes.append(literal: "")
            bytes.appendDigits(of: 12)
            let more = Array("defghijklmnopqrstuvwxyz".utf8)
            unsafe more.withUnsafeBufferPointer { unsafe bytes.append(copying: $0) }
            bytes.append(literal: "!")
            #expect(String(decoding: bytes, as: UTF8.self) == "abc12defghijklmnopqrstuvwxyz!")
        }
    }

    @Test func `bytes are compared to the last one`() {
        for count in 0..<20 {
            let left = [UInt8](repeating: 7, count: count)
            var areSame = ByteSearch.areSame(left.span, left.span)
            #expect(areSame)
            for index in 0..<count {
                var right = left
                right[index] = 8
                areSame = ByteSearch.areSame(left.span, right.span)
                #expect(!areSame)
            }
        }
    }
}
