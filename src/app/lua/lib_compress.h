/* Compression that a handler asks for (lua/perilune/http/middleware/compress.lua): the filter of
 * the directives, with settings that Lua made. */
#ifndef APP_LUA_LIB_COMPRESS_H
#define APP_LUA_LIB_COMPRESS_H

#include <lua.h>

/* compressor(options) → settings. Options, checked by Lua: `gzip`, `brotli`, `zstd` (levels; the
 * coding is not offered without), `min_length` (bytes), `types` (array of media types; "*": all).
 * Raises for a level that is out of range. */
int lib_compress_new(lua_State *L);

/* compress(req, settings): the response, whoever makes it, goes through the filter. Without effect
 * when it has begun. */
int lib_compress_use(lua_State *L);

/* unmodified(req, headers, length) → ETag ("": none), boolean: does the answer of 200 with these
 * fields vary with Accept-Encoding, as it goes through the filters that are there? For the 304 in
 * its place. `length` of its body in bytes; nil: unknown. Nothing when the response has begun.
 * Raises for a bad header. */
int lib_compress_unmodified(lua_State *L);

/* Registers the type of the settings. */
void lib_compress_open(lua_State *L);

#endif
