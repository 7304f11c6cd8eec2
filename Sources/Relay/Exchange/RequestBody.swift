import Dialects
import Wire

/// Whether a request's body can be what its route wants, before anybody looks into it.
enum RequestBody {
    /// Takes a body of any kind.
    ///
    /// - Throws: the failure for a body that is too large, incomplete or late.
    static func whole(of request: ClientRequest, maximumBytes: Int) throws(Failure) -> [UInt8] {
        switch request.bodyProblem {
        case .tooLarge(let limit): throw tooLarge(limit)
        case .truncated:
            throw Failure(
                .invalidRequest, "The request body ended before its announced length.",
                code: "incomplete_body")
        case .timedOut: throw Failure(.requestTimedOut, "The request body did not come in time.")
        case nil: break
        }
        guard request.body.count <= maximumBytes else { throw tooLarge(maximumBytes) }
        return request.body
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
        if let coding = request.headers["content-encoding"], coding.lowercased() != "identity" {
            throw Failure(.unsupportedMediaType, "Compressed request bodies are not supported.")
        }
        return body
    }

    /// True for `application/json`, `text/json` and `…+json`, with any parameters.
    static func isJSON(_ type: String) -> Bool {
        let end = type.utf8.firstIndex(of: UInt8(ascii: ";")) ?? type.endIndex
        let essence = type[..<end].trimmingSpaces().lowercased()
        return essence.isEmpty || essence == "application/json" || essence == "text/json"
            || essence.hasSuffix("+json")
    }

    private static func tooLarge(_ limit: Int) -> Failure {
        Failure(.requestTooLarge, "The request body is longer than \(limit) bytes.")
    }
}
