internal import Relay

extension Command.Options {
    /// Reads the configuration that the options name, and checks it; blocks.
    ///
    /// - Parameter variables: the environment that the process was started with.
    func readConfiguration(_ variables: [String: String]) throws(ConfigurationError) -> Configuration {
        var text: [UInt8]?
        if let file = configuration {
            do throws(SmallFile.Failure) {
                text = try SmallFile.read(file)
            } catch {
                throw ConfigurationError(source: file, message: "cannot be read: \(error)")
            }
        }
        return try Configuration.load(
            text: text, fileName: configuration ?? "", environment: variables, readFile: SmallFile.read)
    }
}
