/* The newest lines of the error log, for `require "ngx.errlog"`: called by FFI. They are kept in
 * this process, from the oldest to the newest, as many as lua_capture_error_log has room for. */
#ifndef APP_LUA_FFI_ERRLOG_H
#define APP_LUA_FFI_ERRLOG_H

#include "app/lua/ffi_ngx.h"

/* Begins to keep lines, up to that many bytes; 0: none any more. What was kept is dropped. */
void ffi_errlog_open(size_t size);

/* Keeps lines up to this level only. -1: lines are not kept; -2: no such level. */
int ffi_errlog_set_filter(int level);

/* Takes the oldest line: 1 with everything filled in, `out` valid until the next line is logged; 0:
 * there is none; -1: lines are not kept. */
int ffi_errlog_take(struct ffi_str *out, int *level, double *seconds);

/* The level up to which lines of the running code are written. */
int ffi_errlog_system_level(void);

/* Writes a line as it is. -1: no such level. */
int ffi_errlog_write(int level, const char *text, size_t n);

/* The same for what ngx.* itself tells: in a session of `stream` a line "lua …" begins with
 * "stream ". */
void ffi_errlog_tell(int level, const char *text, size_t n);

#endif
