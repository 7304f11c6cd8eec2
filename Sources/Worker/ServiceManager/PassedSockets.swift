internal import EventLoop

/// The sockets that a service manager opened and passed on, as sd_listen_fds(3) has it.
enum PassedSockets: Equatable {
    /// None, or they are meant for another process.
    case none
    /// One, which is served.
    case one(Int32)
    /// Something that cannot be served, as one line.
    case wrong(String)

    /// The number of the first one. `SD_LISTEN_FDS_START`
    static let firstDescriptor: Int32 = 3
    /// What tells of them; of no use to any child.
    static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

    /// Reads the variables.
    ///
    /// - Parameter processID: this process's: what is meant for another one was only passed through.
    init(_ variables: [String: String], processID: Int32) {
        guard let id = variables["LISTEN_PID"], let count = variables["LISTEN_FDS"], Int32(id) == processID
        else {
            self = .none
            return
        }
        switch Int32(count) {
        case 0: self = .none
        case 1: self = .one(Self.firstDescriptor)
        case let count? where count > 1:
            // https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html: names are separated by colons.
            let names = (variables["LISTEN_FDNAMES"] ?? "").split(separator: ":").joined(separator: ", ")
            self = .wrong(
                "the service manager passed \(count) sockets\(names.isEmpty ? "" : " (\(names))"), "
                    + "but one is served; say which with --listen fd:N")
        default: self = .wrong("LISTEN_FDS is “\(count)”, which is no number of sockets")
        }
    }
}
