internal import CCurl
internal import CHTTP2

/// Requests of a call that the other side refused without having looked at them.
struct Refusals {
    /// How often it may. A server that ends connections refuses now and then; one that always does is not asked for ever.
    static let maximum: UInt8 = 5
    /// After how many the call gets a connection of its own: others may use up each new one before it.
    static let patience: UInt8 = 2

    // In few bytes, since an open stream, which needs none of it, should be small.
    /// How often it did.
    var count: UInt8 = 0
    /// Whether the last request was refused, and no other was sent since.
    var isLast = false
    /// How many connections were opened for the call until the last request, by libcurl's counting.
    var connects: UInt16 = 0
}

/// A call may have been charged once it was sent. So it is sent again only where the other side has certainly not looked at
/// it: HTTP/2 has an answer for that, which a server that stops, or ends a connection after so many requests, gives to those
/// that were on their way. https://www.rfc-editor.org/rfc/rfc9113#section-8.7
extension Transfer {
    /// libcurl is about to send the request: for the first time, or again, by itself, because it was refused or a kept
    /// connection broke before the first byte of an answer.
    static let onRequest: curl_prereq_callback = { context, _, _, _, localPort in
        guard let transfer = unsafe transfer(context) else { return CURL_PREREQFUNC_ABORT }
        return transfer.mayIssueRequest(port: localPort) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    private func mayIssueRequest(port: Int32) -> Bool {
        noteRefusal()
        guard !hasIssuedRequest || refusals.isLast else {
            abortReason = CurlError(
                .cut,
                "the connection broke before the answer, and the call was not repeated: it may be charged already"
            )
            return false
        }
        guard refusals.count <= Refusals.maximum else {
            abortReason = Self.refused
            return false
        }
        guard mayUseConnection(port: port) else {
            choice = .refused
            return false
        }
        refusals.isLast = false
        hasIssuedRequest = true
        localPort = port
        noteProgress()
        awaitHead()
        return true
    }

    /// Begins a call again that ended without having been sent, or looked at.
    ///
    /// - Returns: whether it runs again.
    func beginAnew() -> Bool {
        guard isRunning, isUnanswered, let handle else { return false }
        noteRefusal()
        if choice == .refused {
            choice = .fresh
            guard !hasIssuedRequest || rewind() else { return false }
            unsafe fr_easy_set_long(handle.pointer, CURLOPT_FRESH_CONNECT, 1)
        } else {
            // libcurl repeats most such calls itself, but not the last ones of a connection.
            guard refusals.isLast, refusals.count <= Refusals.maximum, abortReason == nil, rewind() else {
                return false
            }
        }
        refusals.connects = 0
        multi.remove(self, handle, isGivenUp: false)
        return multi.add(self, handle)
    }

    /// Frees what libcurl was given of the request once there is an answer: it is not sent again then, and an open stream
    /// should be small. A body that libcurl has a copy of it may still be reading, as long as it has not sent all of it.
    func forgetRequest() {
        guard let handle else { return }
        let easy = unsafe handle.pointer
        unsafe fr_easy_set_pointer(easy, CURLOPT_HTTPHEADER, nil)
        headerList = HeaderList()
        var (count, sent) = (curl_off_t(0), curl_off_t(0))
        unsafe fr_easy_get_offset(easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T, &count)
        guard count >= Self.forgottenBytes,
            unsafe fr_easy_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK, sent >= count
        else { return }
        unsafe fr_easy_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, nil)
    }

    /// A body of fewer bytes is kept: it is not worth the question.
    private static let forgottenBytes = 1024

    /// Finds out whether the request was refused that was sent.
    private func noteRefusal() {
        guard let handle, unsafe fr_http2_take_refusal(handle.pointer), hasIssuedRequest else { return }
        refusals.count += 1
        refusals.isLast = true
        localPort = 0
    }

    /// Why a call was refused too often, or could not be sent again.
    static var refused: CurlError {
        CurlError(.unreachable, "it takes no requests on its connections, and has not looked at this one")
    }
}
