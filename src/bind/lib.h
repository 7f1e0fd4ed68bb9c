/* The C modules that Lua sees. Each lib_*.c has one luaopen-like function here and one line in
 * lib.c. */
#ifndef BIND_LIB_H
#define BIND_LIB_H

#include <lua.h>

/* Preloads every C module of this layer. */
void lib_open(lua_State *L);

/* Lets `require(name)` find a C module; for upper layers as well. */
void lib_preload(lua_State *L, const char *name, lua_CFunction open);

/* "perilune.core.task": tasks, waits, timers, the next-turn queue. */
int lib_task(lua_State *L);

/* "perilune.core.timer": timers named by numbers. */
int lib_timer(lua_State *L);

/* Stops and forgets those timers: the machine is about to be closed. */
void lib_timer_close(void);

/* "perilune.core.bus": publish, listen, unlisten, stats. */
int lib_bus(lua_State *L);

/* "perilune.core.json": encode, empty_array. */
int lib_json(lua_State *L);

/* "perilune.core.crypto": hashes, sealed texts, keys and signatures. */
int lib_crypto(lua_State *L);

/* "perilune.core.udp": UDP sockets. */
int lib_udp(lua_State *L);

/* "perilune.core.dns": resolvers, lookups. */
int lib_dns(lua_State *L);

/* "perilune.core.forwarded": clients behind trusted proxies. */
int lib_forwarded(lua_State *L);

/* "perilune.core.client": HTTP requests, connection pools. */
int lib_client(lua_State *L);

/* "perilune.core.tcp": listening, connecting, the PROXY protocol. */
int lib_tcp(lua_State *L);

/* "perilune.core.secure": TLS on a live stream. */
int lib_secure(lua_State *L);

/* "perilune.core.worker_thread": functions that run in threads. */
int lib_worker_thread(lua_State *L);

/* "perilune.core.sys": clocks, random bytes, logging, process facts. */
int lib_sys(lua_State *L);

#endif
