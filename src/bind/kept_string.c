/* A kept string is a reference in the registry; its bytes do not move as long as it is there. */
#include "bind/kept_string.h"

#include <lauxlib.h>

#include "base/mem.h"
#include "bind/vm.h"

enum { KEPT = 256 };

struct kept {
    struct keeper keeper;
    int ref;
    unsigned machine; /* vm_generation */
};

static struct mem_cache cache = MEM_CACHE(struct kept, KEPT); /* process-wide: of all strings */

static void forget(struct keeper *keeper)
{
    struct kept *k = CONTAINER_OF(keeper, struct kept, keeper);

    if (vm_main() && k->machine == vm_generation())
        luaL_unref(vm_main(), LUA_REGISTRYINDEX, k->ref);
    mem_cache_give(&cache, k);
}

struct keeper *kept_string_new(lua_State *L, int index)
{
    struct kept *k = mem_cache_take(&cache);

    lua_pushvalue(L, index);
    *k = (struct kept){{1, forget}, luaL_ref(L, LUA_REGISTRYINDEX), vm_generation()};
    return &k->keeper;
}
