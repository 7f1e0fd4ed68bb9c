/* Facts of the current request for LuaJIT's FFI (lua/ngx/api/native.lua declares the same). Plain C
 * that never enters Lua.
 *
 * Most answer 0 when all went well, or one of enum ffi_ngx_result. Text that is handed out is
 * borrowed: it is to be made a Lua string at once. */
#ifndef APP_LUA_FFI_NGX_H
#define APP_LUA_FFI_NGX_H

#include <stddef.h>

struct ffi_str {
    const char *p;
    size_t n;
};

enum ffi_ngx_result {
    FFI_NGX_OK = 0,
    FFI_NGX_NONE = -5, /* there is no such thing */
    FFI_NGX_NO_REQUEST = -100,
    FFI_NGX_BAD_CONTEXT = -101,
    FFI_NGX_READ_ONLY = -102,
    FFI_NGX_SENT = -103, /* the head has been sent */
    FFI_NGX_INVALID = -104,
};

enum ffi_ngx_number {
    FFI_NGX_STATUS,
    FFI_NGX_HEADERS_SENT,
    FFI_NGX_IS_INTERNAL,
    FFI_NGX_HTTP_VERSION,
    FFI_NGX_START_TIME,
    FFI_NGX_METHOD,  /* HTTP_GET … as ngx numbers them, 0: another */
    FFI_NGX_CTX_REF, /* registry reference of ngx.ctx, -2: none */
    FFI_NGX_IS_SUBREQUEST,
};

/* 0 and a number in *out. */
int ffi_ngx_number(int what, double *out);

/* The context of the running code, enum lua_context. */
int ffi_ngx_context(void);

/* The reference of the ngx.ctx of the handshakes of the running handshake's connection, or of the
 * one that the running request came by; negative: there is none. */
int ffi_ngx_handshake_ctx(void);

/* 1 when the running code works for a session of `stream`, or for a timer that one has asked for.
 */
int ffi_ngx_is_session(void);

/* Sets the status of the response. FFI_NGX_SENT when it is too late (logged). */
int ffi_ngx_set_status(int status);

/* The same, and the phrase behind it. */
int ffi_ngx_set_status_reason(int status, const char *reason, size_t n);

/* The request's conditions (If-Match and its kind) are not weighed against what Lua answers. */
int ffi_ngx_bypass_conditions(void);

/* The value of a variable; FFI_NGX_NONE: not found. */
int ffi_ngx_var_get(const char *name, size_t n, struct ffi_str *out);

/* The value of capture group `i`. */
int ffi_ngx_var_capture(int i, struct ffi_str *out);

/* Sets a variable (value NULL: not found any more). FFI_NGX_NONE: no such variable;
 * FFI_NGX_READ_ONLY. */
int ffi_ngx_var_set(const char *name, size_t n, const char *value, size_t value_n);

/* Argument `i` of the running set_by_lua, or, in body_filter_by_lua, the piece at hand (1).
 * FFI_NGX_NONE: there is none. */
int ffi_ngx_arg(int i, struct ffi_str *out);

/* Is the piece at hand the last one? 0 where there is none. */
int ffi_ngx_is_last_piece(void);

enum ffi_ngx_text {
    FFI_NGX_METHOD_NAME,
    FFI_NGX_ARGS,
    FFI_NGX_PATH,
    FFI_NGX_PREFIX,
    FFI_NGX_CONFIGURE
};

/* 0 and a text in *out; FFI_NGX_NONE: there is none. */
int ffi_ngx_text(int what, struct ffi_str *out);

/* Sets the query string. */
int ffi_ngx_set_args(const char *p, size_t n);

/* Sets the method to one of ngx's numbers; FFI_NGX_NONE: not one of them. */
int ffi_ngx_set_method(int id);

/* The whole head as text, made anew; without the request line when `without_line`. */
int ffi_ngx_raw_header(int without_line, struct ffi_str *out);

/* Seconds since 1970 with milliseconds, of the turn. */
double ffi_ngx_now(void);

/* Reads the clocks. */
void ffi_ngx_update_time(void);

/* "2026-11-22 21:53:30" (19 bytes) of the turn's second: local time or UTC. */
void ffi_ngx_date(int is_utc, char out[19]);

/* IMF-fixdate, or with `is_cookie` the form with dashes; the number of bytes written (at most 32).
 */
int ffi_ngx_http_time(double seconds, int is_cookie, char out[32]);

/* Seconds of an HTTP date, or -1. */
double ffi_ngx_parse_http_time(const char *p, size_t n);

/* Number of this worker; -1: none. */
int ffi_ngx_worker_id(void);

/* Number of workers. */
int ffi_ngx_worker_count(void);

/* The process number of worker `id`; 0: not known. */
int ffi_ngx_worker_pid(int id);

/* 1 when a master process starts the workers. */
int ffi_ngx_has_master(void);

/* init_by_lua wants a privileged agent. */
void ffi_ngx_enable_agent(void);

/* 1 in the privileged agent. */
int ffi_ngx_is_agent(void);

/* Timers allowed to wait (lua_max_pending_timers). */
int ffi_ngx_most_pending_timers(void);

/* Timers allowed to run at a time (lua_max_running_timers). */
int ffi_ngx_most_running_timers(void);

/* Timers whose code runs. */
unsigned ffi_ngx_running_timers(void);

/* 1 when the process is ending. */
int ffi_ngx_is_exiting(void);

#endif
