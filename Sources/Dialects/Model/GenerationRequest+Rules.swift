import Wire

extension GenerationRequest {
    /// Checks what every dialect forbids.
    public func checkRules() throws(Failure) {}
}
