/* What is behind `ndk.set_var`, for LuaJIT's FFI (lua/ngx/api/ndk.lua declares the same). Plain C
 * that never enters Lua. */
#ifndef APP_LUA_FFI_SET_MISC_H
#define APP_LUA_FFI_SET_MISC_H

#include "app/lua/ffi_ngx.h"

/* Is there a directive of that name that takes one value or none? */
int ffi_set_misc_is_there(const char *name, size_t n);

/* What it makes of a text, valid until the next call. FFI_NGX_NONE: nothing, or there is none. */
int ffi_set_misc_make(const char *name, size_t n, const char *text, size_t text_n,
                      struct ffi_str *out);

#endif
