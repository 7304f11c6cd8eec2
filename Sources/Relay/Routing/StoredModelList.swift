import Dialects
import Wire

/// A vendor's list of models as processes share it: one line that says what it is, then the vendor's answer as it came.
///
///     {"format":"fastrelay-models","version":1,"source":"6f1e8d0a3b5c7e92","kind":"chat",
///      "fetched":1795219200,"bytes":153001,"hash":"0123456789abcdef"}
///
/// The answer to a call without a key has no secret in it, and of the address there is only a hash. The answer is decoded again by whoever reads it, so a list that was
/// written by another version, or by somebody else, passes through the same checks as one that comes from the vendor.
struct StoredModelList: Sendable {
    /// The vendor's answer.
    var answer: [UInt8]
    /// When it was fetched, in seconds since 1970-01-01T00:00:00Z.
    var fetched: Int

    /// Changes when what is stored changes its meaning; part of the name, so versions do not take turns in one file.
    static let version = 1
    /// A list older than this is worth less than the built-in one and a fetch.
    static let longestAge = Duration.seconds(30 * 86_400)
    /// How far ahead of this machine's clock another's may have been.
    static let clockTolerance = Duration.seconds(60)
    /// The longest first line, in bytes.
    static let maximumHeadBytes = 4096

    private static let format = "fastrelay-models"

    /// Why bytes are no list that can be used: a constant sentence.
    struct Unusable: Error, Equatable {
        let reason: StaticString

        static func == (left: Unusable, right: Unusable) -> Bool {
            left.reason.description == right.reason.description
        }
    }

    /// The name that a list has in the store: that of the provider, the place it comes from, kind and version.
    static func name(provider: String, source: String, kind: ModelEntry.Kind) -> String {
        "models-\(provider)-\(place(source))-\(kind.rawValue)-v\(version)"
    }

    /// The bytes to store.
    func encoded(source: String, kind: ModelEntry.Kind) -> [UInt8] {
        var writer = JSONWriter(capacity: answer.count + 512)
        writer.beginObject()
        writer.key("format")
        writer.string(Self.format)
        writer.key("version")
        writer.int(Self.version)
        writer.key("source")
        writer.string(Self.place(source))
        writer.key("kind")
        writer.string(kind.rawValue)
        writer.key("fetched")
        writer.int(fetched)
        writer.key("bytes")
        writer.int(answer.count)
        writer.key("hash")
        writer.string(Identifier.hexadecimal(Self.hash(answer)))
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")] + answer
    }

    /// Reads stored bytes.
    ///
    /// - Throws: `Unusable` for whatever is not a complete list from this place.
    init(_ bytes: [UInt8], source: String, kind: ModelEntry.Kind) throws(Unusable) {
        guard let end = bytes.prefix(Self.maximumHeadBytes).firstIndex(of: UInt8(ascii: "\n")),
            // What is wrong with the line would help nobody.
            let head = try? JSONValue(parsing: Array(bytes[..<end]), maximumDepth: 2),
            head["format"]?.stringValue == Self.format
        else { throw Unusable(reason: "It is no list of models.") }
        guard head["version"]?.intValue == Self.version else {
            throw Unusable(reason: "It is of another version.")
        }
        guard head["source"]?.stringValue == Self.place(source), head["kind"]?.stringValue == kind.rawValue
        else {
            throw Unusable(reason: "It comes from another place.")
        }
        let answer = Array(bytes[(end + 1)...])
        guard head["bytes"]?.intValue == answer.count,
            head["hash"]?.stringValue == Identifier.hexadecimal(Self.hash(answer)),
            let fetched = head["fetched"]?.intValue
        else { throw Unusable(reason: "It is damaged.") }
        self.init(answer: answer, fetched: fetched)
    }

    /// Makes a list that was fetched just now.
    init(answer: [UInt8], fetched: Int) {
        self.answer = answer
        self.fetched = fetched
    }

    /// How old the list is by the time of day, never less than zero.
    ///
    /// - Throws: `Unusable` when it is too old, or when that cannot be said because it is from the future.
    func age(at now: Int) throws(Unusable) -> Duration {
        let (seconds, isBeyond) = now.subtractingReportingOverflow(fetched)
        guard !isBeyond, fetched > 0, seconds >= -Int(Self.clockTolerance.components.seconds) else {
            throw Unusable(reason: "Its time is not possible.")
        }
        let age = Duration.seconds(max(0, seconds))
        guard age <= Self.longestAge else { throw Unusable(reason: "It is too old.") }
        return age
    }

    /// Stands for an address.
    private static func place(_ source: String) -> String {
        Identifier.hexadecimal(hash(Array(source.utf8)))
    }

    /// Tells damage and places apart, nothing more: whoever may write the file can write a hash as well.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        CallerHasher(key: (0, 0)).hash(bytes.span)
    }
}
