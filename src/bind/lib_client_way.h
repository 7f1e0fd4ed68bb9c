/* Ways to origins as Lua describes them, and connections by them that are not for HTTP. */
#ifndef BIND_LIB_CLIENT_WAY_H
#define BIND_LIB_CLIENT_WAY_H

#include <lua.h>

#include "http/client/client_dial.h"

struct lib_client_way {
    struct client_way way;
    struct addr local;
};

/* Reads the table at `t` (absolute): host, port, unix_path, local_address, resolver (of
 * perilune.core.dns), family; tls (a context), server_name, alpn, insecure; via: kind ("connect",
 * "socks4", "socks5"), host, port, tls, server_name, insecure, gets_address, user, password,
 * fields. What is read lives as long as the values that are left on the stack. */
void lib_client_way_read(lua_State *L, int t, struct lib_client_way *out);

/* Adds connect and connect_cancel to the table on top of `L`. */
void lib_client_way_register(lua_State *L);

#endif
