/* Which shared dictionaries there are, for LuaJIT's FFI (lua/perilune/shared_dict.lua declares the
 * same). */
#ifndef APP_LUA_FFI_ZONES_H
#define APP_LUA_FFI_ZONES_H

#include <stddef.h>

struct dict;

/* The dictionary of the `i`th lua_shared_dict (from 0) of the current configuration, or the `i`th
 * that was declared where there is none, and its name; NULL behind the last. */
struct dict *ffi_zones_dict(int i, const char **name, size_t *name_n);

/* Is there a configuration, which alone says what dictionaries there are? */
int ffi_zones_are_configured(void);

/* Makes a dictionary for a process without a configuration, for good. NULL: there is one, or
 * `bytes` are none that a dictionary may have. */
struct dict *ffi_zones_declare(const char *name, size_t name_n, double bytes);

#endif
