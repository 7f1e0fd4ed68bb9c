/* lua_code_cache off: each request begins as if nothing had been loaded yet. */
#ifndef APP_LUA_LUA_FRESH_H
#define APP_LUA_LUA_FRESH_H

#include <stdbool.h>

struct visit;

/* The machine is as it shall be found again, before init_by_lua, which `init` runs. False (logged):
 * the library is broken. */
bool lua_fresh_remember(void (*init)(void));

/* Lua is about to run for `v`, whose location has lua_code_cache off. The first time for this visit
 * the modules of programs are forgotten, and their globals when no task is under way; then
 * init_by_lua runs again. */
void lua_fresh_begin(struct visit *v);

#endif
