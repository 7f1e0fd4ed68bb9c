--- Declarations of the C functions behind ngx.* (src/app/ffi_*.h, src/net/tls/tls_digest.h) and the ways to call them.

local ffi = require "ffi"

--- Types that libraries take for known when they declare C functions of their own.
ffi.cdef [[
typedef struct { size_t len; const unsigned char *data; } ngx_str_t;
typedef struct ngx_http_request_s ngx_http_request_t;
typedef struct ngx_stream_lua_request_s ngx_stream_lua_request_t;
]]

ffi.cdef [[
struct ffi_str { const char *p; size_t n; };
int ffi_ngx_number(int what, double *out);
int ffi_ngx_context(void);
int ffi_ngx_handshake_ctx(void);
int ffi_ngx_is_session(void);
int ffi_ngx_set_status(int status);
int ffi_ngx_set_status_reason(int status, const char *reason, size_t n);
int ffi_ngx_bypass_conditions(void);
int ffi_ngx_var_get(const char *name, size_t n, struct ffi_str *out);
int ffi_ngx_var_capture(int i, struct ffi_str *out);
int ffi_ngx_var_set(const char *name, size_t n, const char *value, size_t value_n);
int ffi_ngx_arg(int i, struct ffi_str *out);
int ffi_ngx_is_last_piece(void);
int ffi_ngx_text(int what, struct ffi_str *out);
int ffi_ngx_set_args(const char *p, size_t n);
int ffi_ngx_set_method(int id);
int ffi_ngx_raw_header(int without_line, struct ffi_str *out);
double ffi_ngx_now(void);
void ffi_ngx_update_time(void);
void ffi_ngx_date(int is_utc, char *out);
int ffi_ngx_http_time(double seconds, int is_cookie, char *out);
double ffi_ngx_parse_http_time(const char *p, size_t n);
int ffi_ngx_worker_id(void);
int ffi_ngx_worker_count(void);
int ffi_ngx_worker_pid(int id);
int ffi_ngx_has_master(void);
void ffi_ngx_enable_agent(void);
int ffi_ngx_is_agent(void);
int ffi_ngx_most_pending_timers(void);
int ffi_ngx_most_running_timers(void);
unsigned ffi_ngx_running_timers(void);
int ffi_ngx_is_exiting(void);
void ffi_errlog_tell(int level, const char *text, size_t n);
int ffi_errlog_system_level(void);
int ffi_fields_count(int is_response);
int ffi_fields_at(int is_response, int i, struct ffi_str *name, struct ffi_str *value);
int ffi_fields_get(const char *name, size_t n, int nth, struct ffi_str *value);
int ffi_fields_clear(int is_response, const char *name, size_t n);
int ffi_fields_set(int is_response, const char *name, size_t n, const char *value, size_t value_n);
int ffi_fields_add(int is_response, const char *name, size_t n, const char *value, size_t value_n);
size_t ffi_codec_escape(const char *p, size_t n, int type, char *out);
int ffi_codec_next_arg(const char *p, size_t n, size_t *at, char *room, struct ffi_str *name, struct ffi_str *value);
size_t ffi_codec_unescape(const char *p, size_t n, char *out);
size_t ffi_codec_base64(const char *p, size_t n, int is_padded, int is_url, char *out);
ptrdiff_t ffi_codec_unbase64(const char *p, size_t n, int is_url, int is_lenient, char *out);
uint32_t ffi_codec_crc32(const char *p, size_t n);
size_t ffi_codec_quote_sql(const char *p, size_t n, char *out);
void ffi_codec_replace(const char *p, size_t n, char find, char replace, char *out);
struct ffi_regex;
int ffi_regex_stack(size_t size);
int ffi_regex_is_told(const struct ffi_regex *re);
void ffi_regex_tell(const struct ffi_regex *re);
struct ffi_regex *ffi_regex_compile(const char *pattern, size_t n, unsigned flags, char *message, size_t *at);
void ffi_regex_free(struct ffi_regex *re);
int ffi_regex_groups(const struct ffi_regex *re);
const char *ffi_regex_name(const struct ffi_regex *re, int i, int *group);
int ffi_regex_match(const struct ffi_regex *re, const char *subject, size_t n, size_t from, int is_dfa);
const int *ffi_regex_vector(void);
void tls_digest_md5(const char *p, size_t n, unsigned char *out);
void tls_digest_sha1(const char *p, size_t n, unsigned char *out);
void tls_digest_hmac_sha1(const char *key, size_t key_n, const char *p, size_t n, unsigned char *out);
]]

local native = {
    C = ffi.C,
    OK = 0,
    NONE = -5,
    NO_REQUEST = -100,
    BAD_CONTEXT = -101,
    READ_ONLY = -102,
    SENT = -103,
    INVALID = -104,
}

--- Raises, at `level`, that there is no request to work on: in a timer that is the fault of the context.
function native.no_request(level)
    local is_early = ffi.C.ffi_ngx_context() <= 1
    error(is_early and "no request found" or "API disabled in the current context", level + 1)
end

local number = ffi.new("double[1]")

--- A number of the current request (enum ffi_ngx_number).
-- Raises at `level` (default: the caller of the caller) when there is none.
function native.number(what, level)
    if ffi.C.ffi_ngx_number(what, number) ~= 0 then
        native.no_request(level or 3)
    end
    return number[0]
end

--- Writes a line to the error log, without a place.
-- @tparam number level from 1 (emerg) to 8 (debug)
function native.log_line(level, text)
    ffi.C.ffi_errlog_tell(level, text, #text)
end

local room_size = 4096
local room = ffi.new("char[?]", room_size)

--- Room for `n` bytes, valid until the next call; large rooms are not kept.
function native.room(n)
    if n <= room_size then
        return room
    end
    return ffi.new("char[?]", n)
end

return native
