/* The list of C modules. */
#include "bind/lib.h"

#include "bind/lib_connect.h"
#include "bind/lib_datagram.h"
#include "bind/lib_process.h"
#include "bind/lib_stream.h"
#include "bind/lib_tls.h"
#include "bind/lib_usage.h"
#include "bind/lib_websocket.h"
#include "bind/lib_websocket_client.h"
#include "bind/lib_websocket_group.h"

void lib_preload(lua_State *L, const char *name, lua_CFunction open)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 2);
}

void lib_open(lua_State *L)
{
    lib_preload(L, "perilune.core.task", lib_task);
    lib_preload(L, "perilune.core.timer", lib_timer);
    lib_preload(L, "perilune.core.sys", lib_sys);
    lib_preload(L, "perilune.core.json", lib_json);
    lib_preload(L, "perilune.core.crypto", lib_crypto);
    lib_preload(L, "perilune.core.bus", lib_bus);
    lib_preload(L, "perilune.core.tcp", lib_tcp);
    lib_preload(L, "perilune.core.secure", lib_secure);
    lib_preload(L, "perilune.core.websocket", lib_websocket);
    lib_preload(L, "perilune.core.websocket_client", lib_websocket_client);
    lib_preload(L, "perilune.core.websocket_group", lib_websocket_group);
    lib_preload(L, "perilune.core.stream", lib_stream);
    lib_preload(L, "perilune.core.tls", lib_tls);
    lib_preload(L, "perilune.core.connect", lib_connect);
    lib_preload(L, "perilune.core.datagram", lib_datagram);
    lib_preload(L, "perilune.core.udp", lib_udp);
    lib_preload(L, "perilune.core.process", lib_process);
    lib_preload(L, "perilune.core.worker_thread", lib_worker_thread);
    lib_preload(L, "perilune.core.dns", lib_dns);
    lib_preload(L, "perilune.core.forwarded", lib_forwarded);
    lib_preload(L, "perilune.core.client", lib_client);
    lib_preload(L, "perilune.core.usage", lib_usage);
}
