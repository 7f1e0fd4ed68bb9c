/* A kill is a cancel whose error is a token that Lua code does not catch. */
#include "app/lua/lua_kill.h"

#include "base/base.h"
#include "bind/co.h"
#include "bind/vm.h"

static char kill_token; /* process-wide: only its address matters */

void *lua_kill_token(void)
{
    return &kill_token;
}

void lua_kill(struct co *co)
{
    lua_State *L = vm_main();

    if (timer_is_active(&co->timer)) {
        timer_stop(&co->timer);
        log_write(co->log, LOG_DEBUG, "lua clean up the timer for pending ngx.sleep");
    }
    lua_pushlightuserdata(L, &kill_token);
    co_cancel(co, L);
}

static void on_orphan_end(struct co *co, enum co_result result, int n)
{
    UNUSED(co);
    UNUSED(result);
    UNUSED(n);
}

void lua_kill_orphan(struct co *co)
{
    co_orphan(co);
    co->on_end = on_orphan_end;
    lua_kill(co);
}
