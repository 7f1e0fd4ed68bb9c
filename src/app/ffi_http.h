/* Facts about a request for LuaJIT's FFI (lua/perilune/http/request.lua declares the same). Plain C that never enters Lua.
 *
 * `handle` is a request object's name, see lua_handle.h. */
#ifndef APP_FFI_HTTP_H
#define APP_FFI_HTTP_H

#include <stddef.h>

struct ffi_text {
    const char *p;
    size_t n;
};

enum ffi_http_what {
    FFI_HTTP_METHOD,
    FFI_HTTP_URI,          /* raw path */
    FFI_HTTP_PATH,         /* decoded, normalised */
    FFI_HTTP_QUERY_STRING, /* raw */
    FFI_HTTP_TARGET,
    FFI_HTTP_HOST,
    FFI_HTTP_PROTOCOL,
    FFI_HTTP_SCHEME,
    FFI_HTTP_REMOTE_ADDR,
    FFI_HTTP_SERVER_NAME,
    FFI_HTTP_ID, /* $request_id */
};

enum ffi_http_number {
    FFI_HTTP_SERVER_PORT,
    FFI_HTTP_REMOTE_PORT,
    FFI_HTTP_CONTENT_LENGTH, /* -1: none given */
    FFI_HTTP_KEEP_ALIVE,
    FFI_HTTP_HAS_BODY,
    FFI_HTTP_TIME, /* seconds since 1970 when the request began */
};

/* 1: `out` borrows the text until the request is over; 0: there is none; -1: the request is over. */
int ffi_http_text(double handle, int what, struct ffi_text *out);

/* A number; NaN when the request is over. */
double ffi_http_number(double handle, int what);

/* How many fields of that name there are; `out` is the first one's value. -1: the request is over. */
int ffi_http_header(double handle, const char *name, size_t n, struct ffi_text *out);

/* Field number `i` from 0: 1, or 0 behind the last, -1 when the request is over. */
int ffi_http_header_at(double handle, int i, struct ffi_text *name, struct ffi_text *value);

/* The next `name=value` of a query or form text from *at on, decoded into the caller's buffer of `room` bytes (3 x the text is
 * always enough). 0: no more; 1: with a value; 2: a name without `=`. */
int ffi_http_next_arg(const char *text, size_t n, size_t *at, char *room, struct ffi_text *name, struct ffi_text *value);

#endif
