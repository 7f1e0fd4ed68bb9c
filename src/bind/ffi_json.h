/* JSON from what LuaJIT's serializer makes of a value (string.buffer's `encode`): the short way of
 * lua/perilune/json.lua. */
#ifndef BIND_FFI_JSON_H
#define BIND_FFI_JSON_H

#include <stdint.h>

struct buf;

/* Writes the value that the `n` bytes at `p` are as JSON to `room`, which is emptied first: the
 * bytes and how many. NULL: there is something in it that lib_json has to look at. */
const char *ffi_json_rewrite(const char *p, uint32_t n, struct buf *room, uint32_t *n_out);

#endif
