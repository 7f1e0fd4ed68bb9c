/* What the operations of "perilune.core.stream" share: who may use a value, and how they answer.
 * For lib_stream*.c and those that add operations to them. */
#ifndef BIND_LIB_STREAM_IO_H
#define BIND_LIB_STREAM_IO_H

#include "bind/lib_stream.h"

/* The value at 1, if the running task may use it; raises an error otherwise. */
struct lib_stream *lib_stream_own(lua_State *L);

/* As lib_stream_reader, for writing. */
struct lib_stream *lib_stream_writer(lua_State *L);

/* Pushes nil and a code. To be returned. */
int lib_stream_refuse(lua_State *L, const char *code);

/* The argument, a whole number of bytes from `least`; raises an error otherwise. */
size_t lib_stream_check_size(lua_State *L, int arg, lua_Number least);

/* As lib_stream_wait, but nothing is pushed. */
void lib_stream_start_wait(lua_State *L, struct lib_stream *ls, int side);

/* Makes the metatable of the values; once for each machine. */
void lib_stream_init(lua_State *L);

/* A line of the kind that OpenResty's own tests look for. */
void lib_stream_debug(const char *what, unsigned value);

/* Nobody is told any more when the owner of the stream closes it. */
void lib_stream_forget_on_lost(struct lib_stream *ls);

/* Add the functions to the table on top of the stack. */
void lib_stream_read_register(lua_State *L);

/* The same. */
void lib_stream_write_register(lua_State *L);

#endif
