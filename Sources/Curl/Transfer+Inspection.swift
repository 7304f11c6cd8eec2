internal import CCurl

/// What only those ask of a call who want to judge the other side.
extension Transfer {
    /// Sets the options beyond those of an everyday call.
    func applyInspection(_ options: borrowing TransferOptions, to easy: UnsafeMutableRawPointer) {
        if !["GET", "POST"].contains(options.method) {
            unsafe fr_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, options.method)
        }
        if !options.verifiesCertificate {
            unsafe fr_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
            unsafe fr_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if options.speaksOldTLS {
            let versions = Int(CURL_SSLVERSION_TLSv1_0) | Int(CURL_SSLVERSION_MAX_TLSv1_1)
            unsafe fr_easy_set_long(easy, CURLOPT_SSLVERSION, versions)
            // OpenSSL 3 itself has no ciphers for these versions at its usual level.
            unsafe fr_easy_set_string(easy, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0")
        }
        if options.isReported {
            report = ConnectionReport()
            unsafe fr_easy_set_long(easy, CURLOPT_CERTINFO, 1)
            // Nothing is printed: the remarks go to the function.
            unsafe fr_easy_set_long(easy, CURLOPT_VERBOSE, 1)
            unsafe fr_easy_set_debug(easy, Self.onRemark)
            unsafe fr_easy_set_pointer(easy, CURLOPT_DEBUGDATA, Unmanaged.passUnretained(self).toOpaque())
        }
    }

    /// The call that a callback of libcurl is about.
    static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// A remark of libcurl about what it does.
    private static let onRemark: curl_debug_callback = { _, kind, data, count, context in
        guard kind == CURLINFO_TEXT, let transfer = unsafe transfer(context), let data = unsafe data else {
            return 0
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: data, count: count)
        let remark = unsafe String(decoding: bytes, as: UTF8.self)
        if let version = ConnectionReport.tlsVersion(inRemark: remark) {
            transfer.report?.tlsVersion = version
        }
        return 0
    }
}
