internal import EventLoop
internal import Glibc
internal import Relay

/// Where the listening socket comes from.
struct SocketSource: Equatable, CustomStringConvertible {
    /// What to open, or which descriptor it has already.
    let address: ListeningSocket.Address

    /// Decides, in this order: a predecessor's, `--listen`, the service manager's, standard input's, the configuration's.
    ///
    /// - Throws: `ExitReason` when what the service manager passed cannot be served.
    init(
        _ options: Command.Options, _ configuration: Configuration, _ variables: [String: String],
        _ inheritance: Inheritance?
    ) throws(ExitReason) {
        if inheritance != nil {
            address = .descriptor(Inheritance.socketDescriptor)
        } else if let listen = options.listen {
            address = Self.address(listen, configuration)
        } else {
            switch PassedSockets(variables, processID: getpid()) {
            case .one(let descriptor): address = .descriptor(descriptor)
            case .wrong(let message): throw ExitReason(code: .cannotListen, message: message)
            case .none:
                // mod_fcgid, spawn-fcgi, and systemd with StandardInput=socket.
                address =
                    ListeningSocket.isListening(STDIN_FILENO)
                    ? .descriptor(STDIN_FILENO) : Self.address(configuration.listen, configuration)
            }
        }
    }

    /// As `--listen` has it.
    var description: String {
        switch address {
        case .unix(let path, _, _): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host):\(port)"
        case .descriptor(let number): "fd:\(number)"
        }
    }

    private static func address(
        _ address: ListenAddress, _ configuration: Configuration
    ) -> ListeningSocket.Address {
        switch address {
        case .unix(let path):
            .unix(path: path, mode: UInt32(configuration.socketMode), group: configuration.socketGroup)
        case .tcp(let host, let port): .tcp(host: host, port: UInt16(clamping: port))
        case .descriptor(let number): .descriptor(Int32(clamping: number))
        }
    }
}
