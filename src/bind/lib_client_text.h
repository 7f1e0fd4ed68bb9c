/* What the client asks about texts and files: fields of heads, base64, digests. */
#ifndef BIND_LIB_CLIENT_TEXT_H
#define BIND_LIB_CLIENT_TEXT_H

#include <lua.h>

/* Adds the functions to the table on top of `L`. */
void lib_client_text_register(lua_State *L);

#endif
