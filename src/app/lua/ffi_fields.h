/* Header fields of the current request and response for LuaJIT's FFI (lua/ngx/api/native.lua
 * declares the same). Plain C that never enters Lua. Results as in ffi_ngx.h. */
#ifndef APP_LUA_FFI_FIELDS_H
#define APP_LUA_FFI_FIELDS_H

#include <stddef.h>

struct ffi_str;

/* How many fields a head has; FFI_NGX_NO_REQUEST. */
int ffi_fields_count(int is_response);

/* Field `i` from 0. */
int ffi_fields_at(int is_response, int i, struct ffi_str *name, struct ffi_str *value);

/* The value of occurrence `nth` from 0 of the field `name` of the response; FFI_NGX_NONE behind the
 * last. */
int ffi_fields_get(const char *name, size_t n, int nth, struct ffi_str *value);

/* Drops every field of that name. FFI_NGX_SENT (logged) when it is a response's and too late. */
int ffi_fields_clear(int is_response, const char *name, size_t n);

/* Sets a field, dropping those of its name; control bytes are escaped. FFI_NGX_INVALID: a
 * Content-Length that is no number. */
int ffi_fields_set(int is_response, const char *name, size_t n, const char *value, size_t value_n);

/* Same, but keeps those of its name, except for Content-Type and others that can be there once
 * only. */
int ffi_fields_add(int is_response, const char *name, size_t n, const char *value, size_t value_n);

#endif
