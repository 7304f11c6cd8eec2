public import CGI
import Synchronization

/// Answers with what it was asked.
public struct Echo: RequestHandler {
    /// Makes one.
    public init() {}

    /// Answers.
    public func respond(to request: Request, through response: ResponseStream) async {
        var output = Array("Status: 200 OK\r\n\r\n".utf8)
        for (name, value) in request.parameters.strings { output += Array("\(name)=\(value)\n".utf8) }
        output += Array("\n".utf8) + request.body
        if let file = request.longBody { output += (try? file.read(0..<file.count)) ?? [] }
        if let problem = request.bodyProblem { output += Array("problem \(problem)".utf8) }
        try? await response.write(output, isLast: true)
    }
}

/// Notes where each body was, and how long.
public final class BodyPlaces: RequestHandler {
    private let seen = Mutex<[String]>([])

    /// Makes one.
    public init() {}

    /// In memory or in a file, and how many bytes.
    public var places: [String] { seen.withLock { $0 } }

    /// Answers.
    public func respond(to request: consuming Request, through response: ResponseStream) async {
        let place =
            if let problem = request.bodyProblem {
                "\(problem)"
            } else {
                request.longBody.map { "file \($0.count)" } ?? "memory \(request.body.count)"
            }
        seen.withLock { $0.append(place) }
        try? await response.write(Array("Status: 200 OK\r\n\r\n\(place)".utf8), isLast: true)
    }
}

/// Waits until it may end or is cancelled; answers at once when asked to be quick.
public final class Waiter: RequestHandler {
    /// Makes one.
    public init() {}

    /// It has been asked.
    public let hasBegun = Signal()
    /// Raised by the test: it may answer.
    public let mayEnd = Signal()
    /// Its task was cancelled.
    public let wasCancelled = Signal()

    /// Answers.
    public func respond(to request: Request, through response: ResponseStream) async {
        if request.parameters["QUICK"] == nil {
            hasBegun.raise()
            await withTaskCancellationHandler {
                await mayEnd.wait()
            } onCancel: {
                wasCancelled.raise()
                mayEnd.raise()
            }
        }
        try? await response.write(Array("Status: 200 OK\r\n\r\ndone".utf8), isLast: true)
    }
}

/// Answers with as many pieces (`PIECES`) of a size (`BYTES`) as asked for, and counts those it got rid of.
public final class Flood: RequestHandler {
    private let counts = Mutex<[String: Int]>([:])

    /// Makes one.
    public init() {}

    /// How many pieces it has got rid of, of an answer of so many.
    public func sent(of pieces: String) -> Int {
        counts.withLock { $0[pieces, default: 0] }
    }

    /// Answers.
    public func respond(to request: Request, through response: ResponseStream) async {
        let pieces = request.parameters["PIECES"] ?? "0"
        let piece = [UInt8](repeating: 65, count: Int(request.parameters["BYTES"] ?? "") ?? 0)
        let count = Int(pieces) ?? 0
        do {
            for number in 1...count {
                try await response.write(piece, isLast: number == count)
                counts.withLock { $0[pieces, default: 0] += 1 }
            }
        } catch {
            return
        }
    }
}

/// Begins an answer and leaves.
public struct Quitter: RequestHandler {
    /// Makes one.
    public init() {}

    /// Answers.
    public func respond(to request: Request, through response: ResponseStream) async {
        try? await response.write(Array("Status: 200 OK\r\n\r\nhalf".utf8), isLast: false)
    }
}

/// Notes the names of each request's parameters, and answers with what was wrong with its body.
public final class Handled: RequestHandler {
    /// Makes one.
    public init() {}

    private let seen = Mutex<[[String]]>([])

    /// The names of each request's parameters.
    public var requests: [[String]] { seen.withLock { $0 } }

    /// Answers.
    public func respond(to request: consuming Request, through response: ResponseStream) async {
        let names = request.parameters.strings.map(\.name)
        seen.withLock { $0.append(names) }
        let problem = request.bodyProblem.map { "\($0)" } ?? "none"
        try? await response.write(Array("Status: 200 OK\r\n\r\n\(problem)".utf8), isLast: true)
    }
}

extension RequestParameters {
    /// All variables, repaired to UTF-8.
    public var strings: [(name: String, value: String)] {
        var strings: [(name: String, value: String)] = []
        forEach { name, value in
            strings.append(
                (
                    name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) },
                    value.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                ))
        }
        return strings
    }
}
