import Wire

/// 1min.ai's answer to a call of a feature, status 2xx.
///
/// The envelope is that of chat (`OneMinRecord`); pages of the media features show `{}` as their answer, so its rules
/// come from what clients of the service do: storage paths in `resultObject`, a signed address of the first of them in
/// `temporaryUrl`, either inside of the record or beside it.
public struct OneMinMediaRecord: Sendable, Equatable {
    /// One result: addresses where it may be fetched, best first; never empty.
    public struct Result: Sendable, Equatable {
        /// Absolute `https` (or, at the configured base, `http`) addresses.
        public var addresses: [String]
    }

    /// The files that were made: an absolute address as it is, of the first one the signed address, then the CDN's.
    ///
    /// Empty where `resultObject` holds words alone, as for a transcript; a transcript of one word without blanks may be
    /// taken for a path here, so it is `text` that tells what was said.
    public var files: [Result]
    /// The elements of `resultObject` as text, joined by line feeds; nil when there is none.
    ///
    /// An object in it that is no failure is JSON here. Empty for silence.
    public var text: String?
    /// What was used; nil when the record does not say.
    public var usage: Usage?

    /// The path of the call.
    public static let path = "/api/features"

    /// Reads an answer.
    ///
    /// - Parameter assetBase: where paths are fetched from, without a slash at its end: `https://asset.1min.ai`.
    /// - Throws: the failure that the record tells of, a content filter's too; `upstreamFailed` for what is no record, or
    ///   one without any result.
    public init(_ body: [UInt8], assetBase: String) throws(Failure) {
        let json = try? JSONValue(
            mending: body.span, maximumDepth: Self.maximumDepth, selecting: Self.selection)
        guard let record = json?["aiRecord"], case .object = record else {
            let fallback =
                if body.isEmpty {
                    "the answer is empty"
                } else {
                    json == nil ? "the answer cannot be read" : "the answer has no aiRecord"
                }
            throw OneMinErrorBody(body: body).failure(
                status: 200, otherwise: .upstreamFailed, fallback: fallback)
        }
        let elements = Self.elements(record["aiRecordDetail"]?["resultObject"])
        let results = elements.filter { !Self.isNotice($0) }
        // A notice among results is of one that is missing; alone it is the failure of the call.
        let words = results.isEmpty ? elements : results.filter { $0.stringValue != nil }
        let envelope = OneMinRecord(record.with(["resultObject": .array(words)], as: "aiRecordDetail"))
        if let failure = envelope.failure { throw failure }
        usage = envelope.usage
        let signed = record["temporaryUrl"]?.stringValue ?? json?["temporaryUrl"]?.stringValue
        files = Self.files(results, signed: signed, places: Places(assetBase: assetBase))
        text = Self.text(results)
        guard !files.isEmpty || text != nil else {
            throw Failure(
                .upstreamFailed, "1min.ai: the answer has no result.", upstreamStatus: 200)
        }
    }

    /// What is read of an answer; its other members repeat the request and the account.
    private static let selection: JSONSelection = [
        "aiRecord": [
            "metadata": .everything, "status": .everything, "temporaryUrl": .everything,
            "aiRecordDetail": ["resultObject": .everything],
        ],
        "temporaryUrl": .everything,
    ]

    private static let maximumDepth = 64

    private static func elements(_ result: JSONValue?) -> [JSONValue] {
        switch result {
        case nil, .null: []
        case .array(let elements): elements
        case .some(let only): [only]
        }
    }

    /// True for an object that tells of a failure, `{code, message}`, and not for one that is a result.
    private static func isNotice(_ element: JSONValue) -> Bool {
        guard case .object = element else { return false }
        let isResult = ["text", "url", "path", "segments"].contains { element[$0]?.isNull == false }
        return !isResult && ["code", "message", "error", "errorCode"].contains { element[$0] != nil }
    }

    private static func files(
        _ elements: [JSONValue], signed: String?, places: Places
    ) -> [Result] {
        let signed = signed.flatMap { places.isAddress($0) ? $0 : nil }
        var files: [Result] = []
        for (index, element) in elements.enumerated() {
            let word = element.stringValue ?? element["url"]?.stringValue ?? element["path"]?.stringValue
            guard let word else { continue }
            // An address is complete as it is; a path of a bucket that may be private is not.
            var addresses = [String]()
            if places.isAddress(word) { addresses.append(word) }
            if index == 0, let signed, signed != word { addresses.append(signed) }
            if let address = places.address(ofPath: word) { addresses.append(address) }
            if !addresses.isEmpty { files.append(Result(addresses: addresses)) }
        }
        if files.isEmpty, let signed { files.append(Result(addresses: [signed])) }
        return files
    }

    private static func text(_ elements: [JSONValue]) -> String? {
        let texts = elements.compactMap { element in
            switch element {
            case .string(let text): text
            case .object: String(decoding: element.serialized(), as: UTF8.self)
            default: nil
            }
        }
        return texts.isEmpty ? nil : texts.filter { !$0.isEmpty }.joined(separator: "\n")
    }
}

extension OneMinMediaRecord {
    /// Tells addresses from paths, and paths from words.
    private struct Places {
        /// `https://asset.1min.ai`
        let assetBase: String

        /// True for an absolute address that may be fetched: `https`, or `http` where the assets are so too.
        func isAddress(_ word: String) -> Bool {
            let bytes = Array(word.utf8)
            guard bytes.count <= Self.maximumAddressBytes, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
                !bytes.contains(UInt8(ascii: "\\")), let origin = Self.origin(bytes)
            else { return false }
            // A user's name before the host would hide which host it is.
            guard !origin.contains(UInt8(ascii: "@")) else { return false }
            if origin.starts(with: "https://".utf8) { return true }
            return Self.origin(Array(assetBase.utf8)) == origin
        }

        /// Where the file of a path is; nil for what is no path, such as a sentence.
        func address(ofPath path: String) -> String? {
            let bytes = path.utf8.drop { $0 == UInt8(ascii: "/") }
            guard !bytes.isEmpty, bytes.count <= Self.maximumPathBytes, Self.scheme(bytes) == nil,
                bytes.contains(UInt8(ascii: "/")) || bytes.contains(UInt8(ascii: ".")),
                // Blanks are what words have and names made by the service do not.
                bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
                !bytes.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) })
            else { return nil }
            return assetBase + "/" + Self.escaped(Array(bytes))
        }

        /// Scheme and authority in lower case, such as `https://host:443`; nil for what has none.
        private static func origin(_ bytes: [UInt8]) -> [UInt8]? {
            guard let length = scheme(bytes) else { return nil }
            let end: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
            let host = bytes.dropFirst(length).prefix { !end.contains($0) }
            return host.isEmpty ? nil : bytes.prefix(length + host.count).map(\.lowercasedASCII)
        }

        /// How long `http://` or `https://` at the beginning is; nil without.
        private static func scheme(_ bytes: some Collection<UInt8>) -> Int? {
            ["https://", "http://"].first { word in
                bytes.prefix(word.utf8.count).map(\.lowercasedASCII).elementsEqual(word.utf8)
            }?.utf8.count
        }

        /// The path with all but plain characters as `%XX`; what is so already stays.
        private static func escaped(_ path: [UInt8]) -> String {
            var output: [UInt8] = []
            let digits = Array("0123456789ABCDEF".utf8)
            for (index, byte) in path.enumerated() {
                let isEscape =
                    byte == UInt8(ascii: "%") && index + 2 < path.count && path[index + 1].isASCIIHexDigit
                    && path[index + 2].isASCIIHexDigit
                if byte.isASCIILetter || byte.isASCIIDigit || isEscape || plain.contains(byte) {
                    output.append(byte)
                } else {
                    output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
            return String(decoding: output, as: UTF8.self)
        }

        /// The unreserved characters and the slash: https://www.rfc-editor.org/rfc/rfc3986#section-2.3
        private static let plain = Set("/-._~".utf8)
        /// A signed address has about 1000; many servers take no more than 8 KiB.
        private static let maximumAddressBytes = 8192
        /// What the service's storage takes as the name of an object, in bytes.
        private static let maximumPathBytes = 1024
    }
}

extension JSONValue {
    /// The object with another value of a key; anything else as it is.
    fileprivate func with(_ value: JSONValue, as key: String) -> JSONValue {
        guard case .object(var object) = self else { return self }
        object[key] = value
        return .object(object)
    }
}
