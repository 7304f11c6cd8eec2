internal import Glibc

/// A system call that failed while setting up or watching a descriptor.
public struct EventLoopError: Error, Equatable, CustomStringConvertible {
    /// The C function that failed, such as `epoll_ctl`.
    public let function: String

    /// The value of `errno` right after the call.
    public let errorNumber: Int32

    /// Reads `errno`; call it before anything else that could change it.
    init(function: String) {
        self.function = function
        self.errorNumber = errno
    }

    /// The function and the system's sentence, such as `bind: Address already in use`.
    public var description: String {
        let sentence = unsafe strerror(errorNumber)
        return unsafe "\(function): \(sentence.map { unsafe String(cString: $0) } ?? "error \(errorNumber)")"
    }
}

/// Calls `body` again for as long as it fails with EINTR: the only such loop for system calls.
///
/// - Throws: `EventLoopError` when the call returns −1 with any other `errno`.
@discardableResult
func systemCall(_ function: String, _ body: () -> Int32) throws(EventLoopError) -> Int32 {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw EventLoopError(function: function) }
    }
}
