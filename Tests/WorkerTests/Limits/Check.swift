import Testing

/// Expects what `#expect` cannot be given: calls that change a value.
func check(_ holds: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(holds, sourceLocation: sourceLocation)
}
