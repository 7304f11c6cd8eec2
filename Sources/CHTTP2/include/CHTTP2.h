// What libcurl hears from nghttp2 about refused requests, and tells nobody.
#ifndef FASTRELAY_CHTTP2_H
#define FASTRELAY_CHTTP2_H

#include <stdbool.h>

// Whether the server refused the request of a call on this thread without having looked at it, since the last time that
// was asked: it reset the stream with REFUSED_STREAM, or took no more streams (GOAWAY) when it came. Such a request may be
// sent again: https://www.rfc-editor.org/rfc/rfc9113#section-8.7
//
// `easy` is libcurl's handle of the call; it is compared only. False where libcurl does not use nghttp2 as a library of its
// own, or of more than 128 at once.
bool fr_http2_take_refusal(const void *easy);

#endif
