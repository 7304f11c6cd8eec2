// Property: whatever lines come, what is written of them has as many lines as there are fields, no byte that could begin
// another one, and the same fields when it is read again; and each field is found by its name.

@testable import Wire

/// Checks one input; traps when the property does not hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHeaderFields(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    check(HeaderFields(lines: bytes.span))
    // The same bytes as a variable of CGI: up to the first NUL its name, from there its value.
    let middle = bytes.firstIndex(of: 0) ?? bytes.count
    var fields = HeaderFields()
    fields.add(variable: bytes.span.extracting(..<middle), bytes.span.extracting(middle...))
    precondition(fields.count == 1, "a variable is not one field")
    check(fields)
    return 0
}

private func check(_ fields: HeaderFields) {
    let lines = fields.lines
    precondition(lines.count { $0 == ASCII.lineFeed } == fields.count, "a field has more than a line")
    precondition(lines.count { $0 == ASCII.carriageReturn } == fields.count, "a field has a carriage return")
    precondition(!lines.contains(0), "a field has a NUL")
    for (name, value) in fields {
        precondition(!name.utf8.contains { (0x41...0x5A).contains($0) }, "a name has a capital")
        // One that is not UTF-8 cannot be asked for.
        if name.unicodeScalars.contains("\u{FFFD}") { continue }
        precondition(fields[name] != nil, "a field is not found: \(value.utf8.count)")
    }
    // A name from a variable may have a colon, which ends it when it is read.
    guard !fields.contains(where: { $0.name.utf8.contains(ASCII.colon) }) else { return }
    let again = HeaderFields(lines: lines.span)
    precondition(again.count == fields.count, "a field is lost or won")
    precondition(again.map(\.name) == fields.map(\.name), "a name differs")
    let settled = again.lines
    precondition(HeaderFields(lines: settled.span) == again, "fields differ when they are read again")
}
