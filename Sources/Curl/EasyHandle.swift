internal import CCurl

/// One of libcurl's handles, which makes one call at a time.
///
/// Between two calls of one kind it keeps its options but for those of the call alone: to set them takes libcurl as long as
/// to read its answer. The address is kept as it was taken apart, for the same reason.
@safe final class EasyHandle {
    /// libcurl's own; valid as long as this object.
    let pointer: UnsafeMutableRawPointer
    /// What kind of call the options are those of; nil when they are the defaults, and during a call that is like no other.
    private(set) var kind: CallKind?
    private var address: OpaquePointer?

    /// Nil when libcurl has no memory for another one. `curl_easy_init`
    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        if let address = unsafe address { unsafe curl_url_cleanup(address) }
    }

    /// Sets the address to call. `CURLOPT_CURLU`, `CURLOPT_URL`
    ///
    /// - Parameter isKeptApart: whether to keep the address as it is taken apart, some 400 bytes.
    func setAddress(_ url: String, isKeptApart: Bool) {
        // A new one each time: where there is an address, what is not a whole one is taken for a way on from there.
        if let old = unsafe address { unsafe curl_url_cleanup(old) }
        unsafe address = isKeptApart ? curl_url() : nil
        // As libcurl takes an address apart itself. What is wrong with it comes out when it is called.
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME)
        if let new = unsafe address, unsafe curl_url_set(new, CURLUPART_URL, url, flags) == CURLUE_OK {
            unsafe fr_easy_set_pointer(pointer, CURLOPT_CURLU, UnsafeMutableRawPointer(new))
        } else {
            unsafe fr_easy_set_string(pointer, CURLOPT_URL, url)
        }
    }

    /// Makes it ready for a call of another kind; `kind` is that of the call, if others may be like it. `curl_easy_reset`
    func reset(for kind: CallKind?) {
        if self.kind != nil { unsafe curl_easy_reset(pointer) }
        self.kind = kind
    }

    /// Lets go of what was the last call's alone.
    ///
    /// - Parameter isKept: whether the options stay for another call of the kind.
    func callEnded(isKept: Bool) {
        guard isKept, let kind else {
            unsafe curl_easy_reset(pointer)
            self.kind = nil
            return
        }
        unsafe fr_easy_set_pointer(pointer, CURLOPT_PRIVATE, nil)
        unsafe fr_easy_set_pointer(pointer, CURLOPT_HTTPHEADER, nil)
        if kind.hasBody { unsafe fr_easy_set_pointer(pointer, CURLOPT_COPYPOSTFIELDS, nil) }
    }
}
