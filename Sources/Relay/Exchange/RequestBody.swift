import Dialects
import Wire

/// Whether a request's body can be what its route wants, before anybody looks into it.
enum RequestBody {
    /// Takes a body of any kind; one too long for memory stays in the request, and is empty here.
    ///
    /// - Throws: the failure for a body that is too large, incomplete or late, or could not be kept.
    static func whole(of request: ClientRequest, maximumBytes: Int) throws(Failure) -> [UInt8] {
        switch request.bodyProblem {
        case .tooLarge(let limit): throw tooLarge(limit)
        case .truncated:
            throw Failure(
                .invalidRequest, "The request body ended before its announced length.",
                code: "incomplete_body")
        case .timedOut: throw Failure(.requestTimedOut, "The request body did not come in time.")
        case .notKept:
            throw Failure(.overloaded, "The relay cannot put the request body down at present.")
        case nil: break
        }
        guard request.bodyCount <= maximumBytes else { throw tooLarge(maximumBytes) }
        return request.body
    }

    /// Takes a body of any kind and length, wherever it is.
    ///
    /// - Throws: the failure for a body that is too large, incomplete, late or compressed.
    static func content(of request: ClientRequest, maximumBytes: Int) throws(Failure) -> FileContent {
        let body = try whole(of: request, maximumBytes: maximumBytes)
        try refuseCompressed(request)
        guard let long = request.longBody else { return .bytes(body) }
        guard long.count <= maximumBytes else { throw tooLarge(maximumBytes) }
        return .source(long, 0..<long.count)
    }

    /// Takes a JSON body.
    ///
    /// A missing content type passes: the body then shows whether it is JSON.
    /// - Throws: the failure for a body that is too large, incomplete, late, compressed, or of another type.
    static func json(of request: ClientRequest, maximumBytes: Int) throws(Failure) -> [UInt8] {
        let body = try whole(of: request, maximumBytes: maximumBytes)
        if let type = request.contentType, !isJSON(type) {
            throw Failure(.unsupportedMediaType, "The content type has to be application/json.")
        }
        try refuseCompressed(request)
        return body
    }

    private static func refuseCompressed(_ request: ClientRequest) throws(Failure) {
        if let coding = request.headers["content-encoding"], coding.lowercased() != "identity" {
            throw Failure(.unsupportedMediaType, "Compressed request bodies are not supported.")
        }
    }

    /// True for `application/json`, `text/json` and `…+json`, with any parameters.
    static func isJSON(_ type: String) -> Bool {
        // As most write it.
        if type == "application/json" { return true }
        let end = type.utf8.firstIndex(of: UInt8(ascii: ";")) ?? type.endIndex
        let essence = type[..<end].trimmingSpaces().lowercased()
        return essence.isEmpty || essence == "application/json" || essence == "text/json"
            || essence.hasSuffix("+json")
    }

    private static func tooLarge(_ limit: Int) -> Failure {
        Failure(.requestTooLarge, "The request body is longer than \(limit) bytes.")
    }
}
