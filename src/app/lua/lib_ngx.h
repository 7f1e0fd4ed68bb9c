/* The C half of `ngx.*`; the Lua half is lua/ngx. */
#ifndef APP_LUA_LIB_NGX_H
#define APP_LUA_LIB_NGX_H

#include <stdbool.h>

/* Registers "perilune.core.ngx" in the open machine and sets the global `ngx`. False (logged) when
 * the Lua half fails to load. */
bool lib_ngx_open(void);

/* The process is draining: pending ngx.timer callbacks run at once, with premature = true. */
void lib_ngx_drain(void);

#endif
