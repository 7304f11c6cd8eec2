#define _GNU_SOURCE
#include "CHTTP2.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// libcurl repeats a call whose kept connection broke, and one whose request was refused, and does not say which it was; but
// the former may have been charged. So what nghttp2 tells libcurl is heard here too: libcurl finds the function below in
// the executable before it finds nghttp2's own, as all libraries do, and hands over what is to be called.

// nghttp2.h, which need not be there to build with libcurl: https://nghttp2.org/documentation/nghttp2.h.html
typedef struct nghttp2_session nghttp2_session;
typedef struct nghttp2_session_callbacks nghttp2_session_callbacks;
typedef int (*stream_close_callback)(nghttp2_session *, int32_t stream, uint32_t code, void *context);
typedef void (*stream_close_setter)(nghttp2_session_callbacks *, stream_close_callback);
typedef void *(*stream_user_data)(nghttp2_session *, int32_t stream);
enum { REFUSED_STREAM = 7, MOST_REFUSALS = 128 };

// More than streams that a connection has at once: they are asked for before the next connection is read.
static _Thread_local const void *refused[MOST_REFUSALS];
static _Thread_local size_t refusals;

// libcurl's function, which is the same for all connections.
static _Atomic(stream_close_callback) libcurls;
static _Atomic(stream_user_data) user_data;

static int stream_closed(nghttp2_session *session, int32_t stream, uint32_t code, void *context) {
    stream_user_data find = atomic_load_explicit(&user_data, memory_order_relaxed);
    if (code == REFUSED_STREAM && find != NULL && refusals < MOST_REFUSALS) {
        // libcurl's handle; nothing else is done with it than to compare it.
        const void *easy = find(session, stream);
        if (easy != NULL) refused[refusals++] = easy;
    }
    return atomic_load_explicit(&libcurls, memory_order_relaxed)(session, stream, code, context);
}

// Stands before nghttp2's function of this name.
__attribute__((visibility("default"), used))
void nghttp2_session_callbacks_set_on_stream_close_callback(
    nghttp2_session_callbacks *callbacks, stream_close_callback callback) {
    stream_close_setter set =
        (stream_close_setter)dlsym(RTLD_NEXT, "nghttp2_session_callbacks_set_on_stream_close_callback");
    if (set == NULL) return;
    atomic_store(&user_data, (stream_user_data)dlsym(RTLD_DEFAULT, "nghttp2_session_get_stream_user_data"));
    stream_close_callback known = NULL;
    // Whoever else may use nghttp2 in this process is left alone.
    bool is_libcurls = atomic_compare_exchange_strong(&libcurls, &known, callback) || known == callback;
    set(callbacks, is_libcurls ? stream_closed : callback);
}

bool fr_http2_take_refusal(const void *easy) {
    for (size_t index = 0; index < refusals; index++) {
        if (refused[index] != easy) continue;
        refused[index] = refused[--refusals];
        return true;
    }
    return false;
}
