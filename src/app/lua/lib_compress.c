/* Settings are on the heap and counted: Lua may drop them, or its machine be closed, while
 * responses are under way. */
#include "app/lua/lib_compress.h"

#include <lauxlib.h>

#include "app/lua/lua_answer.h"
#include "app/visit.h"
#include "base/mem.h"
#include "bind/arg.h"
#include "bind/handle.h"
#include "bind/opts.h"
#include "http/filter_compress.h"

#define TYPE "perilune.compressor"

struct lua_compressor {
    struct compress_settings settings;
    struct map types;
    unsigned n_holds;
};

static void release(void *arg)
{
    struct lua_compressor *c = arg;

    if (--c->n_holds > 0)
        return;
    map_deinit(&c->types);
    mem_free(c);
}

static int l_gc(lua_State *L)
{
    struct lua_compressor **slot = luaL_checkudata(L, 1, TYPE);

    if (*slot)
        release(*slot);
    *slot = NULL;
    return 0;
}

static void read_level(lua_State *L, struct compress_rule *rule, enum coding coding,
                       const char *name)
{
    int least = coding_level_least(coding), most = coding_level_most(coding);
    double level = opts_number(L, 1, name, -1);

    rule->is_on = level >= 0;
    if (rule->is_on && (level < least || level > most))
        luaL_error(L, "option '%s' must be a level from %d to %d", name, least, most);
    rule->level = (int)level;
}

/* True: all types. */
static bool read_types(lua_State *L, struct map *types)
{
    bool has_all = false;

    lua_getfield(L, 1, "types");
    for (int i = 1, n = (int)lua_objlen(L, -1); i <= n; i++) {
        struct slice type;

        lua_rawgeti(L, -1, i);
        type = arg_slice(L, -1);
        if (slice_eq(type, SLICE("*")))
            has_all = true;
        map_set(types, type, types);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return has_all;
}

int lib_compress_new(lua_State *L)
{
    static const char *const names[] = {
        [CODING_BROTLI] = "brotli", [CODING_ZSTD] = "zstd", [CODING_GZIP] = "gzip"};
    struct lua_compressor **slot, *c;
    bool has_all;

    luaL_checktype(L, 1, LUA_TTABLE);
    slot = lua_newuserdata(L, sizeof(struct lua_compressor *));
    *slot = NULL;
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    *slot = c = mem_new(struct lua_compressor);
    c->n_holds = 1;
    map_init(&c->types, true);
    c->settings.has_vary = true;
    c->settings.proxied = COMPRESS_PROXIED_ANY;
    has_all = read_types(L, &c->types);
    for (enum coding i = 0; i < CODING_COUNT; i++) {
        struct compress_rule *rule = &c->settings.rules[i];

        read_level(L, rule, i, names[i]);
        rule->min_length = (int64_t)opts_number(L, 1, "min_length", 0);
        rule->types = (struct media_set){&c->types, has_all};
    }
    return 1;
}

int lib_compress_use(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct lua_compressor **slot = luaL_checkudata(L, 2, TYPE);

    if (!v || exchange_has_started(v->x))
        return 0;
    (*slot)->n_holds++;
    pool_on_reset(visit_pool(v), release, *slot);
    filter_compress_add(v->x, &(*slot)->settings, false);
    return 0;
}

int lib_compress_unmodified(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct response before, *res;
    const struct header *etag;
    bool ok;

    if (!v || exchange_has_started(v->x))
        return 0;
    res = &v->x->res;
    before = *res;
    *res = (struct response){
        .status = 200, .content_length = (int64_t)luaL_optnumber(L, 3, -1), .last_modified = -1};
    ok = lua_answer_apply_headers(v, L, 2);
    if (ok) {
        header_remove_id(&res->headers, HEADER_VARY);
        filter_compress_unmodified(v->x);
        etag = header_find_id(&res->headers, HEADER_ETAG);
        lua_pushlstring(L, etag ? etag->value.p : "", etag ? etag->value.n : 0);
        lua_pushboolean(L, header_find_id(&res->headers, HEADER_VARY) != NULL);
    }
    *res = before;
    return ok ? 2 : lua_error(L);
}

void lib_compress_open(lua_State *L)
{
    handle_type(L, TYPE, "compressor", l_gc);
}
