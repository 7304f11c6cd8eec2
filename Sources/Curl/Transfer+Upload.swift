internal import CCurl
internal import EventLoop
internal import Glibc

/// How the body of a request gets to libcurl.
extension Transfer {
    /// Room for the next piece of a long request body.
    static let onRead: fr_data_callback = { data, size, count, context in
        guard let transfer = unsafe transfer(context), let data = unsafe data else {
            return Int(CURL_READFUNC_ABORT)
        }
        return unsafe transfer.sendBody(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
    }

    private func sendBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = unsafe upload.take(into: buffer)
        guard upload.hasSource else { return count }
        guard readAhead() else {
            abortReason = Self.tooBusy
            return Int(CURL_READFUNC_ABORT)
        }
        if count > 0 {
            noteProgress()
            if upload.isComplete { awaitHead() }
        } else if !upload.isComplete {
            isSendPaused = true
            return Int(CURL_READFUNC_PAUSE)
        }
        return count
    }

    /// libcurl sends the body again, from its first byte.
    static let onRewind: curl_seek_callback = { context, offset, origin in
        guard let transfer = unsafe transfer(context), offset == 0, origin == SEEK_SET, transfer.rewind()
        else { return CURL_SEEKFUNC_CANTSEEK }
        return CURL_SEEKFUNC_OK
    }

    /// Makes the body ready to be sent again.
    ///
    /// - Returns: false when its beginning is gone.
    func rewind() -> Bool {
        isSendPaused = false
        return upload.rewind()
    }

    /// Has the next piece of the body read, unless one is there or being read.
    ///
    /// - Returns: false when no thread can do it.
    func readAhead() -> Bool {
        guard let (source, range) = upload.nextPart() else { return true }
        // Not the call itself, which must not end on a reader's thread; the source stays until it was read.
        let reference = Reference(transfer: self)
        return pool.readers.submit { [loop] in
            let bytes = source.read(range)
            loop.submit { reference.transfer?.takePart(bytes?.count == range.count ? bytes : nil) }
        }
    }

    /// A call that may have gone meanwhile.
    private struct Reference: Sendable {
        weak let transfer: Transfer?
    }

    private func takePart(_ bytes: [UInt8]?) {
        guard isRunning else { return }
        guard let bytes else {
            return fail(CurlError(.unreadableBody, "the body of the request cannot be read"))
        }
        upload.put(bytes)
        guard isSendPaused else { return }
        isSendPaused = false
        applyPauses()
    }

    /// Why a body is not sent for which there is no thread.
    static var tooBusy: CurlError {
        CurlError(.unreadableBody, "too many bodies of requests wait to be read")
    }
}
