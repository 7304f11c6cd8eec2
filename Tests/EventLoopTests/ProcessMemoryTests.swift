import Foundation
import Glibc
import Testing

@testable import EventLoop

@Suite struct ProcessMemoryTests {
    @Test func letsGoOfCodeAndConstants() throws {
        // By the kernel: between the constants lies what the address sanitizer lets nobody read.
        for mapping in try readOnlyMappings() {
            let start = UnsafeMutableRawPointer(bitPattern: mapping.start)
            madvise(start, mapping.end - mapping.start, Self.populateRead)
        }
        let before = try residentFileKilobytes()
        ProcessMemory.releaseProgram()
        let after = try residentFileKilobytes()
        #expect(after < before / 2, "\(before) KB before, \(after) KB after")
    }

    /// `MADV_POPULATE_READ`, Linux 5.14, which the toolchain's Glibc module does not have.
    private static let populateRead: Int32 = 22

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
