/* Encodings for LuaJIT's FFI (lua/ngx/api/native.lua declares the same). Plain C on buffers that
 * the caller gives; nothing is kept and nothing but crypto-grade digests (net/tls/tls_digest.h) is
 * missing here. */
#ifndef APP_LUA_FFI_CODEC_H
#define APP_LUA_FFI_CODEC_H

#include <stddef.h>
#include <stdint.h>

struct ffi_str;

/* Percent-encodes into `out` (3 x n bytes are always enough). type 0: a whole URI, 1: its
 * arguments, 2: a component,
 * 3: as in HTML, 4: as in Refresh, 5 and 6: as in keys of memcached. The number of bytes written.
 */
size_t ffi_codec_escape(const char *p, size_t n, int type, char *out);

/* Percent-decodes; '+' becomes a space. `out` may be as large as the input. */
size_t ffi_codec_unescape(const char *p, size_t n, char *out);

/* The next `name=value` of a query or form from *at on, decoded into `room` (n bytes are enough).
 * 0: no more; 1: with a value; 2: a name without '='. */
int ffi_codec_next_arg(const char *p, size_t n, size_t *at, char *room, struct ffi_str *name,
                       struct ffi_str *value);

/* Base64 with or without padding, by the standard alphabet or the URL-safe one; ((n + 2) / 3) * 4
 * bytes are enough. */
size_t ffi_codec_base64(const char *p, size_t n, int is_padded, int is_url, char *out);

/* The bytes of a base64 text, padded or not; -1: malformed. `is_lenient` skips what is not of the
 * alphabet (MIME). */
ptrdiff_t ffi_codec_unbase64(const char *p, size_t n, int is_url, int is_lenient, char *out);

/* CRC-32 (IEEE). */
uint32_t ffi_codec_crc32(const char *p, size_t n);

/* A quoted literal of MySQL; 2 x n + 2 bytes are enough. */
size_t ffi_codec_quote_sql(const char *p, size_t n, char *out);

/* Copies, with `replace` in place of each byte `find`. */
void ffi_codec_replace(const char *p, size_t n, char find, char replace, char *out);

#endif
