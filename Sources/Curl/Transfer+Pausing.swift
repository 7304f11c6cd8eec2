internal import CCurl

/// A call rests in either direction while somebody on this side is slower than libcurl.
extension Transfer {
    /// The reader took what was there.
    func resumeTransfer() {
        guard isPaused else { return }
        isPaused = false
        applyPauses()
    }

    /// Tells libcurl which directions are paused, after one of them was resumed.
    func applyPauses() {
        noteProgress()
        // May call `receive` and `sendBody` before it returns.
        guard let easy = unsafe handle?.pointer else { return }
        let pauses = (isPaused ? CURLPAUSE_RECV : 0) | (isSendPaused ? CURLPAUSE_SEND : 0)
        let code = unsafe curl_easy_pause(easy, pauses)
        if code != CURLE_OK { fail(abortReason ?? CurlError(code, isRequestSent: hasIssuedRequest)) }
    }

    /// Has libcurl hand over what it holds for a paused call that has ended, to nobody.
    ///
    /// libcurl 7.88 forgets to free it when the connection has other calls (`multi_done` in its multi.c), and gives it to the
    /// next call of the handle that is paused.
    func discardHeld(by handle: EasyHandle) {
        guard isPaused else { return }
        isPaused = false
        unsafe curl_easy_pause(handle.pointer, CURLPAUSE_CONT)
    }

    /// Whether the call runs and takes what comes.
    var isReading: Bool { handle != nil && !isPaused }

    /// Makes libcurl send what it buffers for an HTTP/2 connection: pausing does, for the window it takes back, and so does
    /// going on. A call that is paused is so again when libcurl hands it what it has.
    func flushConnection() {
        guard let easy = unsafe handle?.pointer else { return }
        if !isPaused { unsafe curl_easy_pause(easy, CURLPAUSE_RECV) }
        isPaused = true
        resumeTransfer()
    }
}
