// Properties: the form, or what is wrong with it, does not depend on the borders of the pieces; a file is where the form
// says, between an empty line and a boundary; and a framed file comes back whatever its bytes and its name.
// The first bytes of an input choose the borders. The boundary is `b`.

@testable import Wire

private struct Outcome: Equatable {
    var form: MultipartForm?
    var error: MultipartError?
}

/// Checks one input; traps when a property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let sizes = bytes.prefix(2).map { Int($0) + 1 }
    let rest = Array(bytes.dropFirst(2))
    check(bytes, sizes: [])
    check(rest, sizes: sizes)
    // Few inputs would begin and end like a form: so also as the header and content of its one part.
    check(
        Array("--b\r\nContent-Disposition: form-data; name=".utf8) + rest + Array("\r\n--b--".utf8),
        sizes: sizes)
    checkFrame(rest)
    checkName(rest)
    return 0
}

private func check(_ body: [UInt8], sizes: [Int]) {
    let whole = outcome(of: body, piece: body.count + 1)
    for piece in [1, 2, 7] + sizes {
        precondition(outcome(of: body, piece: piece) == whole, "pieces differ")
    }
    if let error = whole.error {
        precondition((0...body.count).contains(error.offset), "the error is not at a byte")
        precondition(!error.message.isEmpty, "the error says nothing")
    }
    guard let form = whole.form else { return }
    precondition(form.fields.count + form.files.count <= limits.parts, "too many parts")
    precondition(form.fields.allSatisfy { $0.value.utf8.count <= limits.fieldBytes }, "a long field")
    precondition(
        form.fields.reduce(0) { $0 + $1.value.utf8.count } <= limits.allFieldBytes, "long fields")
    var last = 0
    for file in form.files {
        precondition(file.range.lowerBound >= last && file.range.upperBound <= body.count, "a place outside")
        last = file.range.upperBound
        let content = body[file.range]
        precondition(Array(content.prefix(limits.prefixBytes)) == file.prefix, "another beginning")
        precondition(body[..<file.range.lowerBound].suffix(4).elementsEqual("\r\n\r\n".utf8), "no empty line")
        let end = content.isEmpty && !body[last...].starts(with: "\r\n--b".utf8) ? last - 2 : last
        precondition(body[end...].starts(with: "\r\n--b".utf8), "no boundary")
        precondition(!file.name.isEmpty && file.name.utf8.count <= limits.nameBytes, "a wrong name")
        precondition(
            !file.fileName.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C },
            "a wrong file name")
        precondition(file.fileName != "." && file.fileName != "..", "a folder")
    }
}

/// Small limits, so that inputs pass them.
private let limits = {
    var limits = MultipartForm.Limits()
    limits.parts = 4
    limits.headerBytes = 200
    limits.nameBytes = 20
    limits.fileNameBytes = 40
    limits.fieldBytes = 100
    limits.allFieldBytes = 150
    limits.prefixBytes = 10
    return limits
}()

private func outcome(of body: [UInt8], piece: Int) -> Outcome {
    var limits = limits
    limits.pieceBytes = piece
    do {
        return Outcome(
            form: try MultipartForm(boundary: "b", count: body.count, limits: limits) { Array(body[$0]) })
    } catch {
        return Outcome(error: error as? MultipartError)
    }
}

private func checkFrame(_ content: [UInt8]) {
    let frame = MultipartFile(
        field: "asset", fileName: "a.bin", mediaType: "a/b", boundary: "0123456789abcdef0123")
    let body = frame.head + content + frame.tail
    guard let boundary = MultipartForm.boundary(inContentType: frame.contentType),
        let form = try? MultipartForm(boundary: boundary, count: body.count, read: { Array(body[$0]) })
    else { preconditionFailure("a framed file is no form") }
    precondition(form.files.count == 1 && form.fields.isEmpty, "a file became several")
    precondition(form.files[0].range == frame.head.count..<frame.head.count + content.count, "another place")
}

private func checkName(_ bytes: [UInt8]) {
    let name = String(decoding: bytes.prefix(300), as: UTF8.self)
    let frame = MultipartFile(field: "asset", fileName: name, mediaType: "a/b", boundary: "b0undary")
    let body = frame.head + frame.tail
    guard let form = try? MultipartForm(boundary: "b0undary", count: body.count, read: { Array(body[$0]) })
    else {
        preconditionFailure("a name broke the frame")
    }
    precondition(form.files.count == 1 && form.fields.isEmpty, "a name made a part")
    precondition(form.files[0].name == "asset", "a name made another")
}
