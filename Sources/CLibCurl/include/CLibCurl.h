#pragma once

#if !__has_include(<curl/curl.h>)
#error "libcurl's headers are missing; install them (Debian: libcurl4-openssl-dev), or name their folder in CPATH"
#endif
#include <curl/curl.h>

// libcurl brings some 30 other libraries, whose loading takes longer than most commands. So a process loads it when it
// first speaks HTTP, and calls it through a table.
//
// Source: dlopen(3), dlsym(3).

// What is called of it; read by scripts/packaging/debian-package, too.
#define BLOB_CURL_FUNCTIONS(EACH) \
    EACH(curl_global_init) \
    EACH(curl_easy_init) \
    EACH(curl_easy_cleanup) \
    EACH(curl_easy_setopt) \
    EACH(curl_easy_getinfo) \
    EACH(curl_easy_pause) \
    EACH(curl_easy_strerror) \
    EACH(curl_multi_init) \
    EACH(curl_multi_cleanup) \
    EACH(curl_multi_setopt) \
    EACH(curl_multi_add_handle) \
    EACH(curl_multi_remove_handle) \
    EACH(curl_multi_perform) \
    EACH(curl_multi_poll) \
    EACH(curl_multi_wakeup) \
    EACH(curl_multi_info_read) \
    EACH(curl_slist_append) \
    EACH(curl_slist_free_all)

#define BLOB_CURL_POINTER(function) __typeof__(&function) function;

// Empty until `blob_curl_load` has succeeded.
struct blob_curl {
    BLOB_CURL_FUNCTIONS(BLOB_CURL_POINTER)
};
extern struct blob_curl blob_curl;

// Loads the library: to be called once, before anything else of this file. Returns NULL, or what is missing in the
// loader's words.
const char *blob_curl_load(void);

static inline CURLcode blob_curl_global_init(long flags) { return blob_curl.curl_global_init(flags); }
static inline CURL *blob_curl_easy_init(void) { return blob_curl.curl_easy_init(); }
static inline void blob_curl_easy_cleanup(CURL *easy) { blob_curl.curl_easy_cleanup(easy); }
static inline CURLcode blob_curl_easy_pause(CURL *easy, int mask) { return blob_curl.curl_easy_pause(easy, mask); }
static inline const char *blob_curl_easy_strerror(CURLcode code) { return blob_curl.curl_easy_strerror(code); }
static inline CURLM *blob_curl_multi_init(void) { return blob_curl.curl_multi_init(); }
static inline CURLMcode blob_curl_multi_cleanup(CURLM *multi) { return blob_curl.curl_multi_cleanup(multi); }
static inline CURLMcode blob_curl_multi_wakeup(CURLM *multi) { return blob_curl.curl_multi_wakeup(multi); }

static inline CURLMcode blob_curl_multi_add_handle(CURLM *multi, CURL *easy) {
    return blob_curl.curl_multi_add_handle(multi, easy);
}

static inline CURLMcode blob_curl_multi_remove_handle(CURLM *multi, CURL *easy) {
    return blob_curl.curl_multi_remove_handle(multi, easy);
}

static inline CURLMcode blob_curl_multi_perform(CURLM *multi, int *running) {
    return blob_curl.curl_multi_perform(multi, running);
}

static inline CURLMcode blob_curl_multi_poll(CURLM *multi, int milliseconds) {
    return blob_curl.curl_multi_poll(multi, NULL, 0, milliseconds, NULL);
}

static inline CURLMsg *blob_curl_multi_info_read(CURLM *multi, int *left) {
    return blob_curl.curl_multi_info_read(multi, left);
}

static inline struct curl_slist *blob_curl_slist_append(struct curl_slist *list, const char *line) {
    return blob_curl.curl_slist_append(list, line);
}

static inline void blob_curl_slist_free_all(struct curl_slist *list) { blob_curl.curl_slist_free_all(list); }

// Swift calls no variadic functions: one wrapper for each type that an option takes or an answer has. The parentheses
// keep curl's macros of the same names away.

static inline CURLcode blob_curl_set_long(CURL *easy, CURLoption option, long value) {
    return (blob_curl.curl_easy_setopt)(easy, option, value);
}

static inline CURLcode blob_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return (blob_curl.curl_easy_setopt)(easy, option, value);
}

static inline CURLcode blob_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return (blob_curl.curl_easy_setopt)(easy, option, value);
}

static inline CURLcode blob_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return (blob_curl.curl_easy_setopt)(easy, option, value);
}

static inline CURLcode blob_curl_set_data(
    CURL *easy, CURLoption option, size_t (*function)(char *, size_t, size_t, void *)) {
    return (blob_curl.curl_easy_setopt)(easy, option, function);
}

static inline CURLcode blob_curl_set_seek(
    CURL *easy, CURLoption option, int (*function)(void *, curl_off_t, int)) {
    return (blob_curl.curl_easy_setopt)(easy, option, function);
}

static inline CURLcode blob_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return (blob_curl.curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode blob_curl_get_pointer(CURL *easy, CURLINFO info, char **value) {
    return (blob_curl.curl_easy_getinfo)(easy, info, value);
}

static inline CURLMcode blob_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (blob_curl.curl_multi_setopt)(multi, option, value);
}

// The message's result stands in a union.
static inline CURLcode blob_curl_result(const CURLMsg *message) { return message->data.result; }
