internal import CCurl
internal import Glibc

/// Which addresses a call may go to.
extension Transfer {
    /// Sets what a call with `mayConnect` needs: no connection but one that was asked about.
    func applyReach(_ options: borrowing TransferOptions, to easy: UnsafeMutableRawPointer) {
        guard options.mayConnect != nil else { return }
        unsafe fr_easy_set_open_socket(easy, Self.onOpenSocket)
        unsafe fr_easy_set_pointer(
            easy, CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        unsafe fr_easy_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
        unsafe fr_easy_set_long(easy, CURLOPT_FORBID_REUSE, 1)
        unsafe fr_easy_set_string(easy, CURLOPT_PROXY, "")
    }

    private func mayOpen(_ address: [UInt8]) -> Bool {
        guard let mayConnect, !mayConnect(address) else { return true }
        hasRefusedAddress = true
        return false
    }

    /// libcurl is about to connect: the name has been looked up, and nothing looks it up again in between.
    private static let onOpenSocket: curl_opensocket_callback = { context, _, address in
        guard let transfer = unsafe transfer(context), let address = unsafe address else {
            return CURL_SOCKET_BAD
        }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = Int(unsafe fr_address_bytes(address, &bytes))
        guard count > 0, transfer.mayOpen(Array(bytes.prefix(count))) else { return CURL_SOCKET_BAD }
        let kind = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return unsafe socket(address.pointee.family, kind, address.pointee.protocol)
    }
}
