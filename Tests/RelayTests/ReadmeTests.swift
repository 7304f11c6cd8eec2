import Dialects
import Relay
import Testing
import Tokens

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// README.md is the manual of the configuration: what it says of each key has to be what the code does.
@Suite struct ReadmeTests {
    /// The file at the top of the repository, three levels above this one.
    private static func readme(_ file: String = #filePath) throws -> String {
        let folders = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        let top = folders.joined(separator: "/")
        return String(decoding: try Data(contentsOf: URL(filePath: top + "/README.md")), as: UTF8.self)
    }

    /// A row as README has it; a bar within a cell would end the cell.
    private static func line(_ row: ConfigurationRow) -> String {
        "| `\(row.path)` | \(row.type) | `\(row.standard)` | \(row.doc) |"
    }

    @Test func `the configuration table is that of the code`() throws {
        let lines = try Self.readme().split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex { $0.hasPrefix("<!-- configuration table") })
        let end = try #require(lines.firstIndex { $0.hasPrefix("<!-- end of configuration table") })
        let table = lines[(begin + 1)..<end].map(String.init)
        let head = ["| key | type | default | meaning |", "|---|---|---|---|"]
        let expected = head + ConfigurationTable.rows.map(Self.line)
        let isEqual = table == expected
        // Printed as a whole, so that it can be pasted.
        #expect(isEqual, "README.md should have:\n\(expected.joined(separator: "\n"))")
    }

    @Test func `the table of vocabularies says what the code does`() throws {
        let lines = try Self.readme().split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex { $0.hasPrefix("<!-- token table") })
        let end = try #require(lines.firstIndex { $0.hasPrefix("<!-- end of token table") })
        var count = 0
        for line in lines[(begin + 3)..<end] {
            let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
            try #require(cells.count == 3)
            for name in cells[0].split(separator: "`") where line.contains("`\(name)`") {
                guard !name.contains(",") && !name.contains(" ") else { continue }
                let encoding = ModelEncoding(model: String(name))
                let percent = encoding.percent % 100
                let factor = "\(encoding.percent / 100).\(percent < 10 ? "0" : "")\(percent)"
                #expect(cells[1] == "`\(encoding.vocabulary.name)`", "\(name)")
                #expect(cells[2] == (encoding.isExact ? "exact" : factor), "\(name)")
                count += 1
            }
        }
        #expect(count > 40)
    }

    @Test(arguments: [
        ("image table", OneMinImagePlan.table), ("speech table", OneMinSpeechPlan.table),
        ("transcription table", OneMinTranscriptionPlan.table),
    ])
    func `the tables of models are those of the code`(_ name: String, _ table: String) throws {
        let lines = try Self.readme().split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex(of: "<!-- \(name) -->"))
        let end = try #require(lines.firstIndex(of: "<!-- end of \(name) -->"))
        let isEqual = lines[(begin + 1)..<end].joined(separator: "\n") == table
        #expect(isEqual, "README.md should have:\n\(table)")
    }

    @Test func `no cell of the table is broken by a bar`() {
        for row in ConfigurationTable.rows {
            #expect(!row.path.contains("|") && !row.type.contains("|"))
            #expect(!row.standard.contains("|") && !row.doc.contains("|"))
        }
    }
}
