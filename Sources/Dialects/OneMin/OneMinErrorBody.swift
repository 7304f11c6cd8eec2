import Wire

/// What one of 1min.ai's error bodies says, whichever of its shapes it has.
///
/// | shape | body |
/// |---|---|
/// | documented | `{"success":false,"error":{"code","message","details":[{"field","message"}]}}` |
/// | seen live | `{"errorCode","message","details":"<JSON as a string>","context"}` |
/// | older | `{"message"}`, `{"statusCode","message":["…"],"error":"Bad Request"}` |
/// | in a stream | `{"error":"<text>"}` |
struct OneMinErrorBody {
    /// 1min.ai's own code, such as `UNSUPPORTED_MODEL`; letters, digits and `_` only.
    var code: String?
    /// 1min.ai's own words, not yet cleaned.
    var message: String?
    /// The words of the vendor behind 1min.ai, not yet cleaned.
    var vendorMessage: String?
    /// The HTTP status of the vendor behind 1min.ai.
    var vendorStatus: Int?
    /// The codes of the vendor behind 1min.ai, to tell what it meant; never shown.
    var vendorCodes: [String] = []

    /// A body of which only this is known.
    init(code: String?, message: String?) {
        self.code = Self.sane(code)
        self.message = message
    }

    /// Reads any of the shapes; what is not there stays nil.
    init(_ json: JSONValue) {
        if case .string(let text) = json {
            self.init(code: nil, message: text)
            return
        }
        let error = json["error"]
        var source = json
        if let error, case .object = error { source = error }
        let code = source["code"] ?? source["errorCode"] ?? json["errorCode"]
        let words = Self.words(source["message"]) ?? Self.words(json["message"]) ?? Self.words(error)
        self.init(code: code?.stringValue, message: words)
        addDetails(source["details"] ?? json["details"])
    }

    /// Reads a body that may be JSON, a web page, plain text, or nothing of that.
    ///
    /// - Parameter isAnswer: whether it came in place of an answer. Plain text is not shown then, since it may be a piece
    ///   of one, with the prompt and the account's names in it.
    init(body: [UInt8], isAnswer: Bool = false) {
        // Any other text is handled below.
        if let json = try? JSONValue(mending: body.span, maximumDepth: 64) {
            self.init(json)
        } else {
            self.init(code: nil, message: nil)
            let start = body.prefix(Self.maximumTextBytes)
            if Self.isHTML(start) {
                message = Self.describe(page: start)
            } else if !isAnswer, !Self.isBrokenJSON(start) {
                message = String(decoding: start, as: UTF8.self)
            }
        }
    }

    /// True when a text that is no JSON was meant to be; it is not shown, since it may be a piece of an answer with the
    /// prompt and the account's names in it.
    private static func isBrokenJSON(_ text: some Collection<UInt8>) -> Bool {
        let first = text.first { !$0.isASCIIBlank }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"")
    }

    /// How much of a body that is not JSON is looked at.
    static let maximumTextBytes = 16_384

    /// How the message of a web page begins.
    static let webPage = "a web page instead of an answer"

    /// True when a text is a web page, which only a gateway before the service sends.
    private static func isHTML(_ text: some Collection<UInt8>) -> Bool {
        let start = text.drop { $0.isASCIIBlank || $0 >= 0x80 }.prefix(16)
        return ["<!doctype", "<html", "<head", "<?xml", "<!--"].contains { mark in
            start.firstIndex(ofPhrase: mark) == start.startIndex
        }
    }

    private static func describe(page: some Collection<UInt8>) -> String {
        guard let mark = page.firstIndex(ofPhrase: "<title>") else { return webPage }
        let title = page[mark...].dropFirst(7)
        guard let end = title.firstIndex(ofPhrase: "</title>") else { return webPage }
        return "\(webPage), with the title \"\(String(decoding: title[..<end], as: UTF8.self))\""
    }

    private static func sane(_ code: String?) -> String? {
        guard let code, !code.isEmpty, code.utf8.count <= 64,
            code.utf8.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") })
        else { return nil }
        return code
    }

    /// A text, or several joined.
    private static func words(_ value: JSONValue?) -> String? {
        switch value {
        case .string(let text)?: text.isEmpty ? nil : text
        case .array(let elements)?:
            elements.isEmpty ? nil : elements.compactMap(\.stringValue).joined(separator: "; ")
        default: nil
        }
    }

    /// Adds the fields that were complained about, or what the vendor behind 1min.ai said.
    ///
    /// Only `message` strings are taken: the rest holds the vendor's paths and request identifiers.
    private mutating func addDetails(_ details: JSONValue?) {
        var details = details
        if case .string(let text)? = details {
            guard let parsed = try? JSONValue(mending: text.utf8.span, maximumDepth: 64) else { return }
            details = parsed
        }
        switch details {
        case .array(let elements)?:
            let fields = elements.compactMap { element -> String? in
                guard let message = element["message"]?.stringValue else { return nil }
                return element["field"]?.stringValue.map { "\($0): \(message)" } ?? message
            }
            guard !fields.isEmpty else { return }
            message = [message, fields.joined(separator: "; ")].compactMap { $0 }.joined(separator: " - ")
        case .object?:
            let response = details?["response"]
            vendorStatus = response?["status"]?.intValue ?? details?["status"]?.intValue
            var found: (depth: Int, message: String)?
            Self.search(response ?? details ?? .null, depth: 0, found: &found, codes: &vendorCodes)
            vendorMessage = found?.message
        default: break
        }
    }

    /// Finds the deepest `message`: the outer ones are those of the HTTP client in between.
    private static func search(
        _ value: JSONValue, depth: Int, found: inout (depth: Int, message: String)?, codes: inout [String]
    ) {
        switch value {
        case .object(let object):
            for member in object.members {
                if case .string(let text) = member.value {
                    if member.key == "message", !text.isEmpty, depth > found?.depth ?? -1 {
                        found = (depth, text)
                    }
                    if member.key == "code" || member.key == "type" { codes.append(text) }
                } else {
                    search(member.value, depth: depth + 1, found: &found, codes: &codes)
                }
            }
        case .array(let elements):
            for element in elements { search(element, depth: depth + 1, found: &found, codes: &codes) }
        default: break
        }
    }
}
