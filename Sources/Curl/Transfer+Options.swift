internal import CCurl

/// What libcurl is told of a call.
extension Transfer {
    /// Sets what all calls of a kind have: see `CallKind`, which has to know of all that is set here.
    func applyKind(_ options: borrowing TransferOptions, to handle: EasyHandle) {
        let easy = unsafe handle.pointer
        // No signals, and no handler set and reset around each call.
        unsafe fr_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
        unsafe fr_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        // An open stream should be small.
        let isStream = options.receiveBufferBytes <= TransferOptions.streamBufferBytes
        handle.setAddress(options.url, isKeptApart: !isStream)
        unsafe fr_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, options.connectMilliseconds)
        unsafe fr_easy_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        unsafe fr_easy_set_long(easy, CURLOPT_BUFFERSIZE, options.receiveBufferBytes)
        // libcurl keeps the buffer of a long body, 64 KiB else, to the end of the answer. On a shared connection it keeps it
        // longer, and `curl_easy_reset` forgets the size and not the buffer: the next call would write more into it.
        if isStream, !mayShareConnection {
            unsafe fr_easy_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, Self.leastUploadBuffer)
        }
        unsafe fr_easy_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if mayShareConnection {
            unsafe fr_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Rather wait for a connection that is being made than open one more beside it.
            unsafe fr_easy_set_long(easy, CURLOPT_PIPEWAIT, 1)
        } else {
            unsafe fr_easy_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
        if let file = options.certificateFile { unsafe fr_easy_set_string(easy, CURLOPT_CAINFO, file) }
        unsafe applyInspection(options, to: easy)
        unsafe applyReach(options, to: easy)
        if let proxy = options.proxy, options.mayConnect == nil {
            unsafe fr_easy_set_string(easy, CURLOPT_PROXY, proxy)
        }
        if options.goesStraight { unsafe fr_easy_set_string(easy, CURLOPT_NOPROXY, "*") }
        if options.method == "POST" { unsafe fr_easy_set_long(easy, CURLOPT_POST, 1) }
        unsafe fr_easy_set_data_callback(easy, CURLOPT_HEADERFUNCTION, Self.onHeader)
        unsafe fr_easy_set_data_callback(easy, CURLOPT_WRITEFUNCTION, Self.onBytes)
        unsafe fr_easy_set_before_request(easy, Self.onRequest)
        unsafe multi.prepare(easy)
    }

    /// The smallest buffer that libcurl sends from, in bytes (`UPLOADBUFFER_MIN`).
    private static let leastUploadBuffer = 16 << 10

    /// Sets what is this call's alone.
    func applyOwn(_ options: borrowing TransferOptions, to easy: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe fr_easy_set_pointer(easy, CURLOPT_PRIVATE, context)
        headerList.append(lines: options.headerLines.span)
        if options.method == "POST" {
            unsafe fr_easy_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(upload.bytesLeft))
            if options.further == nil, options.body.count <= CallKind.copiedBodyBytes {
                _ = unsafe options.body.withUnsafeBytes { bytes in
                    unsafe fr_easy_set_pointer(
                        easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                }
                upload = Upload()
            } else {
                // Without this a body over 1 MiB waits a second for a “100 Continue” that vendors do not send.
                headerList.append("Expect:")
                unsafe fr_easy_set_data_callback(easy, CURLOPT_READFUNCTION, Self.onRead)
                unsafe fr_easy_set_pointer(easy, CURLOPT_READDATA, context)
                unsafe fr_easy_set_seek(easy, Self.onRewind)
                unsafe fr_easy_set_pointer(easy, CURLOPT_SEEKDATA, context)
            }
        }
        unsafe fr_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headerList.pointer)
        unsafe fr_easy_set_pointer(easy, CURLOPT_HEADERDATA, context)
        unsafe fr_easy_set_pointer(easy, CURLOPT_WRITEDATA, context)
        unsafe fr_easy_set_pointer(easy, CURLOPT_PREREQDATA, context)
    }
}
