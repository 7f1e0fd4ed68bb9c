/* Which shared dictionaries there are, for LuaJIT's FFI (lua/perilune/shared_dict.lua declares the
 * same). */
#ifndef APP_LUA_FFI_ZONES_H
#define APP_LUA_FFI_ZONES_H

#include <stddef.h>

struct dict;

/* The dictionary of the `i`th lua_shared_dict (from 0) of the current configuration, and its name;
 * NULL behind the last. */
struct dict *ffi_zones_dict(int i, const char **name, size_t *name_n);

#endif
