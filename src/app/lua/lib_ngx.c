/* The module "perilune.core.ngx": what of ngx.* has to be a C function. To add one, write it in the
 * lib_ngx_*.c of its subject and list it here; what only reads or writes a field belongs into
 * ffi_ngx.c or ffi_fields.c. */
#include "app/lua/lib_ngx.h"

#include <lauxlib.h>

#include "app/lua/lib_ngx_body.h"
#include "app/lua/lib_ngx_control.h"
#include "app/lua/lib_ngx_output.h"
#include "app/lua/lib_ngx_thread.h"
#include "app/lua/lib_socket.h"
#include "app/lua/lib_subrequest.h"
#include "app/lua/lua_kill.h"
#include "app/proxy/lib_memcached.h"
#include "app/stream/lib_session.h"
#include "app/tls/lib_ssl.h"
#include "bind/lib.h"
#include "bind/vm.h"

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"print", lib_ngx_output_print},
        {"say", lib_ngx_output_say},
        {"script_print", lib_ngx_output_script_print},
        {"script_say", lib_ngx_output_script_say},
        {"flush", lib_ngx_output_flush},
        {"after_flush", lib_ngx_output_after_flush},
        {"eof", lib_ngx_output_eof},
        {"send_headers", lib_ngx_output_send_headers},
        {"log", lib_ngx_output_log},
        {"print_log", lib_ngx_output_print_log},
        {"is_logged", lib_ngx_output_is_logged},
        {"set_arg", lib_ngx_output_set_arg},
        {"exit", lib_ngx_control_exit},
        {"exec", lib_ngx_control_exec},
        {"redirect", lib_ngx_control_redirect},
        {"set_uri", lib_ngx_control_set_uri},
        {"ctx_tables", lib_ngx_control_ctx_tables},
        {"set_ctx", lib_ngx_control_set_ctx},
        {"read_body", lib_ngx_body_read},
        {"is_body_read", lib_ngx_body_is_read},
        {"discard_body", lib_ngx_body_discard},
        {"get_body_data", lib_ngx_body_get_data},
        {"get_body_file", lib_ngx_body_get_file},
        {"set_body_data", lib_ngx_body_set_data},
        {"set_body_file", lib_ngx_body_set_file},
        {"init_body", lib_ngx_body_init},
        {"append_body", lib_ngx_body_append},
        {"finish_body", lib_ngx_body_finish},
        {"thread_spawn", lib_ngx_thread_spawn},
        {"thread_cancel", lib_ngx_thread_cancel},
        {"timer_subject", lib_ngx_thread_timer_subject},
        {"timer_ctx", lib_ngx_thread_timer_ctx},
        {"spawn_timer", lib_ngx_thread_spawn_timer},
        {"stop_sleep", lib_ngx_thread_stop_sleep},
        {"leave", lib_ngx_thread_leave},
        {"on_abort", lib_ngx_thread_on_abort},
        {NULL, NULL},
    };

    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, lua_kill_token());
    lua_setfield(L, -2, "KILL");
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}

bool lib_ngx_open(void)
{
    lua_State *L = vm_main();

    lib_preload(L, "perilune.core.ngx", open_module);
    lib_ssl_open();
    lib_memcached_open();
    lib_preload(L, "perilune.core.socket", lib_socket);
    lib_preload(L, "perilune.core.session", lib_session);
    lib_preload(L, "perilune.core.subrequest", lib_subrequest);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "ngx");
    return vm_call(1, 0, "ngx");
}

/* What was never loaded has nothing to end. */
static void drain(const char *module)
{
    lua_State *L = vm_main();
    bool is_loaded;

    if (!L)
        return;
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, module);
    is_loaded = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (is_loaded && vm_push_function(module, "drain"))
        vm_call(0, 0, module);
}

void lib_ngx_drain(void)
{
    drain("ngx.api.timer");
    drain("ngx.api.pool");
}
