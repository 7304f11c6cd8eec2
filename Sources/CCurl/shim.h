// libcurl, and `static inline` twins of what Swift cannot call: variadic functions. Each twin fixes the type
// of the one variadic argument, so a wrong pairing of option and type stays inside this file.
#ifndef FASTRELAY_CCURL_H
#define FASTRELAY_CCURL_H

#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// curl_easy_setopt is variadic.
static inline CURLcode fr_easy_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode fr_easy_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode fr_easy_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode fr_easy_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*fr_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode fr_easy_set_data_callback(CURL *handle, CURLoption option, fr_data_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}
static inline CURLcode fr_easy_set_debug(CURL *handle, curl_debug_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, callback);
}
static inline CURLcode fr_easy_set_before_request(CURL *handle, curl_prereq_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}
static inline CURLcode fr_easy_set_socket_option(CURL *handle, curl_sockopt_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, callback);
}
static inline CURLcode fr_easy_set_open_socket(CURL *handle, curl_opensocket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}
static inline CURLcode fr_easy_set_seek(CURL *handle, curl_seek_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, callback);
}
typedef int (*fr_close_socket_callback)(void *context, curl_socket_t socket);
static inline CURLcode fr_easy_set_close_socket(CURL *handle, fr_close_socket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, callback);
}

// curl_easy_getinfo is variadic.
static inline CURLcode fr_easy_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode fr_easy_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode fr_easy_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return curl_easy_getinfo(handle, info, value);
}

// What libcurl tells nobody, asked of OpenSSL, whose object for a connection it names; NULL where that is not
// in the process.
// https://curl.se/libcurl/c/CURLINFO_TLS_SSL_PTR.html
typedef struct {
    // https://docs.openssl.org/3.0/man3/SSL_CTX_set_alpn_select_cb/
    void (*alpn_selected)(const void *ssl, const unsigned char **name, unsigned *length);
    // https://docs.openssl.org/3.0/man3/SSL_pending/
    int (*pending)(const void *ssl);
} fr_tls;
static inline fr_tls fr_find_tls(void) {
    fr_tls tls;
    *(void **)&tls.alpn_selected = dlsym(RTLD_DEFAULT, "SSL_get0_alpn_selected");
    *(void **)&tls.pending = dlsym(RTLD_DEFAULT, "SSL_pending");
    return tls;
}
// OpenSSL's object for a call's connection; NULL without TLS, or with another library's.
static inline const void *fr_easy_tls(CURL *handle) {
    struct curl_tlssessioninfo *session = NULL;
    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL) return NULL;
    return session->backend == CURLSSLBACKEND_OPENSSL ? session->internals : NULL;
}

// Whether a connection was agreed on to speak HTTP/2.
static inline bool fr_tls_speaks_http2(fr_tls tls, const void *ssl) {
    if (ssl == NULL || tls.alpn_selected == NULL) return false;
    const unsigned char *name = NULL;
    unsigned length = 0;
    tls.alpn_selected(ssl, &name, &length);
    return length == 2 && memcmp(name, "h2", 2) == 0;
}

// Whether a connection has decrypted bytes that nobody has read.
static inline bool fr_tls_has_pending(fr_tls tls, const void *ssl) {
    return ssl != NULL && tls.pending != NULL && tls.pending(ssl) > 0;
}

// curl_multi_setopt is variadic.
static inline CURLMcode fr_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode fr_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode fr_multi_set_socket_callback(CURLM *multi, curl_socket_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}
static inline CURLMcode fr_multi_set_timer_callback(CURLM *multi, curl_multi_timer_callback callback) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}

// The address behind `curl_sockaddr.addr`, which is longer than its type says: 4 or 16 bytes, and how many; 0 for any
// other kind.
static inline int fr_address_bytes(const struct curl_sockaddr *address, unsigned char bytes[16]) {
    if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, (const char *)address + offsetof(struct curl_sockaddr, addr), sizeof ipv4);
        memcpy(bytes, &ipv4.sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, (const char *)address + offsetof(struct curl_sockaddr, addr), sizeof ipv6);
        memcpy(bytes, &ipv6.sin6_addr, 16);
        return 16;
    }
    return 0;
}

#endif
