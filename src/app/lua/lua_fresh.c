/* What is remembered and forgotten is in lua/ngx/api/fresh.lua. */
#include "app/lua/lua_fresh.h"

#include "app/visit.h"
#include "bind/co.h"
#include "bind/vm.h"

static void (*run_init)(void); /* process-wide: of the configuration that is served */

bool lua_fresh_remember(void (*init)(void))
{
    run_init = init;
    return vm_push_function("ngx.api.fresh", "remember") && vm_call(0, 0, "lua_code_cache");
}

void lua_fresh_begin(struct visit *v)
{
    if (v->is_fresh)
        return;
    v->is_fresh = true;
    if (!vm_push_function("ngx.api.fresh", "forget"))
        return;
    lua_pushboolean(vm_main(), co_count() == 0);
    if (vm_call(1, 0, "lua_code_cache"))
        run_init();
}
