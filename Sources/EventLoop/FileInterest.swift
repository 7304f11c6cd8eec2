internal import CLinux

/// What a watcher wants to hear about a descriptor, and what it is told.
public struct FileInterest: OptionSet, Sendable {
    /// The bits as epoll has them (`EPOLLIN`, `EPOLLOUT`, …).
    public let rawValue: UInt32

    /// Takes epoll's bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Bytes can be read, or a connection can be accepted. `EPOLLIN`.
    public static let read = FileInterest(rawValue: EPOLLIN.rawValue)
    /// Bytes can be written. `EPOLLOUT`.
    public static let write = FileInterest(rawValue: EPOLLOUT.rawValue)
    /// The peer will send no more. `EPOLLRDHUP`.
    public static let peerClosed = FileInterest(rawValue: EPOLLRDHUP.rawValue)
    /// Told only when something changes, not for as long as it holds. `EPOLLET`.
    public static let edgeTriggered = FileInterest(rawValue: EPOLLET.rawValue)
    /// Of several loops that watch one listening socket only some are woken. `EPOLLEXCLUSIVE`.
    public static let exclusive = FileInterest(rawValue: EPOLLEXCLUSIVE.rawValue)
    /// Only told, never asked for: an error is pending. `EPOLLERR`.
    public static let error = FileInterest(rawValue: EPOLLERR.rawValue)
    /// Only told, never asked for: both directions are closed. `EPOLLHUP`.
    public static let hangUp = FileInterest(rawValue: EPOLLHUP.rawValue)
}

/// Whoever wants to know when a descriptor is ready.
public protocol FileWatcher: AnyObject {
    /// Called on the loop's thread; must not block.
    func fileIsReady(_ what: FileInterest)
}
