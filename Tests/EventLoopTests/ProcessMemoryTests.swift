import Foundation
import Testing

@testable import EventLoop

@Suite struct ProcessMemoryTests {
    @Test func letsGoOfCodeAndConstants() throws {
        // Every page of what is mapped for reading only, code or not; a library's first page holds its program headers.
        var sum = 0
        for mapping in try readOnlyMappings() {
            for address in stride(from: mapping.start, to: mapping.end, by: 4096) {
                sum &+= unsafe UnsafePointer<Int>(bitPattern: address)?.pointee ?? 0
            }
        }
        #expect(sum != 0)
        let before = try residentFileKilobytes()
        ProcessMemory.releaseProgram()
        let after = try residentFileKilobytes()
        #expect(after < before / 2, "\(before) KB before, \(after) KB after")
    }

    /// Where the executable and the libraries are mapped without being writable.
    private func readOnlyMappings() throws -> [(start: Int, end: Int)] {
        try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").compactMap {
            line in
            let fields = line.split(separator: " ")
            guard fields.count == 6, fields[1] == "r-xp" || fields[1] == "r--p", fields[5].hasPrefix("/")
            else {
                return nil
            }
            let bounds = fields[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            return bounds.count == 2 ? (bounds[0], bounds[1]) : nil
        }
    }

    /// `RssFile` of the process.
    private func residentFileKilobytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}
