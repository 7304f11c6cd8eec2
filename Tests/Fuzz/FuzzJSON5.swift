// Property: what is JSON without duplicate keys is JSON5 with the same meaning, and every place is in the text.

@testable import Wire

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON5(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let json = try? JSONValue(parsing: bytes, maximumDepth: 64)
    do throws(JSONError) {
        let node = try JSON5Node(parsing: bytes)
        checkPlaces(node, count)
        let plain = plain(node)
        precondition((try? JSONValue(parsing: plain.serialized())) == plain, "not a JSON value")
        if let json { precondition(isSame(json, plain), "JSON means something else as JSON5") }
    } catch {
        precondition((0...count).contains(error.offset), "the error is not at a byte")
        precondition(error.line >= 1 && error.column >= 1 && !error.message.isEmpty, "the error has no place")
        precondition(json == nil || error.code == .duplicateKey, "JSON is no JSON5")
    }
    return 0
}

private func checkPlaces(_ node: JSON5Node, _ count: Int) {
    precondition((1...count).contains(node.line) && (1...count).contains(node.column), "a place outside")
    switch node.kind {
    case .null, .bool, .number, .string: break
    case .array(let elements):
        for element in elements { checkPlaces(element, count) }
    case .object(let members):
        for member in members {
            precondition(
                (member.keyLine, member.keyColumn) < (member.value.line, member.value.column),
                "a value before its key")
            checkPlaces(member.value, count)
        }
    }
}

private func plain(_ node: JSON5Node) -> JSONValue {
    switch node.kind {
    case .null: .null
    case .bool(let value): .bool(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .array(let elements): .array(elements.map(plain))
    case .object(let members):
        .object(JSONObject(members.map { JSONObject.Member(key: $0.key, value: plain($0.value)) }))
    }
}

/// Equal but for the spelling of exponents, which JSON5 normalises.
private func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.number(let left), .number(let right)):
        return left.doubleValue == right.doubleValue
    case (.array(let left), .array(let right)):
        return left.count == right.count && zip(left, right).allSatisfy(isSame)
    case (.object(let left), .object(let right)):
        return left.members.count == right.members.count
            && zip(left.members, right.members).allSatisfy { left, right in
                Array(left.key.utf8) == Array(right.key.utf8) && isSame(left.value, right.value)
            }
    default:
        return left == right
    }
}
