// Property: JSON comes back the same, the scanner agrees with the parser, and mending leaves nothing more to mend.

@testable import Wire

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var parsed: JSONValue?
    var parserError: JSONError?
    do throws(JSONError) {
        parsed = try JSONValue(parsing: bytes)
    } catch {
        parserError = error
    }
    var scannerError: JSONError?
    do throws(JSONError) {
        try JSONScanner.validate(bytes.span)
    } catch {
        scannerError = error
    }
    precondition(parserError == scannerError, "scanner and parser disagree")
    checkMended(bytes, parsed)
    guard let parsed else {
        precondition((0...count).contains(parserError?.offset ?? -1), "the error is not at a byte")
        checkMembers(bytes, nil)
        return 0
    }

    let written = parsed.serialized()
    precondition((try? JSONValue(parsing: written)) == parsed, "written differs from read")
    precondition(parsed.serialized() == written, "written twice differs")
    checkMembers(bytes, parsed.objectValue)
    return 0
}

/// What is right stays, and what was mended once is as right as it will be.
private func checkMended(_ bytes: [UInt8], _ parsed: JSONValue?) {
    let mended = JSONMender.mended(bytes.span)
    precondition(parsed == nil || mended == bytes, "what is right was mended")
    do throws(JSONError) {
        _ = try JSONValue(parsing: mended)
    } catch {
        precondition(!JSONMender.mends(error.code), "something was not mended")
    }
}

/// The scanner's members are the parser's, and it takes objects only.
private func checkMembers(_ bytes: [UInt8], _ object: JSONObject?) {
    var members: [JSONObject.Member] = []
    let isWhole: Void? = try? JSONScanner.forEachMember(of: bytes.span) { key, value in
        let name = try JSONScanner.string(in: bytes.span, key)
        precondition(JSONScanner.isString(name, in: bytes.span, key), "a key is not itself")
        members.append(.init(key: name, value: try JSONValue(parsing: Array(bytes[value]))))
    }
    precondition((isWhole != nil) == (object != nil), "an object for one is none for the other")
    guard let object else { return }
    precondition(object == JSONObject(members), "the scanner's members differ")
    for member in object.members {
        let range = try? JSONScanner.value(of: member.key, in: bytes.span)
        let value = range.flatMap { try? JSONValue(parsing: Array(bytes[$0])) }
        precondition(value == object[member.key], "a key leads to another value")
    }
}
