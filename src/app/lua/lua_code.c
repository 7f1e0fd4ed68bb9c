/* Loading Lua of the configuration. A loaded function is kept in the registry under the generation
 * of the machine, so that a reload (new machine) loads anew without anybody clearing references. */
#include "app/lua/lua_code.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "app/conf.h"
#include "app/lua/lua_chunk.h"
#include "app/lua/lua_fresh.h"
#include "app/visit.h"
#include "base/check.h"
#include "base/num.h"
#include "bind/vm.h"
#include "config/tree.h"

/* Errors are in the words of OpenResty, which says less where there is no request. */
static int load_inline(lua_State *L, const struct lua_code *code, const struct visit *v)
{
    if (luaL_loadbuffer(L, code->text.p, code->text.n, code->chunk_name.p) == 0) {
        lua_chunk_fix_arguments(L, code->text);
        return 0;
    }
    if (!v)
        return 500;
    lua_pushfstring(L, "failed to load inlined Lua code: %s", lua_tostring(L, -1));
    lua_remove(L, -2);
    return 500;
}

/* The table of files that are loaded, by their paths, on top. */
static void push_files(lua_State *L)
{
    static const char key; /* its address */

    vm_push_table(L, &key);
}

/* Directives that name the same file share it, also where a variable names it. */
static int load_once(lua_State *L, const char *path, bool is_cached)
{
    int rc;

    if (!is_cached)
        return luaL_loadfile(L, path);
    push_files(L);
    lua_getfield(L, -1, path);
    if (lua_isfunction(L, -1)) {
        lua_remove(L, -2);
        return 0;
    }
    lua_pop(L, 1);
    rc = luaL_loadfile(L, path);
    if (rc == 0) {
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, path);
    }
    lua_remove(L, -2);
    return rc;
}

static int load_file(lua_State *L, const struct lua_code *code, struct visit *v)
{
    struct slice path = script_is_constant(code->path) || !v ? script_constant(code->path)
                                                             : script_eval(code->path, v);
    const char *full = conf_path(code->conf, path);
    int rc;

    errno = 0;
    rc = load_once(L, full, !v || v->loc->lua_code_cache);
    if (rc == 0)
        return 0;
    rc = rc != LUA_ERRFILE ? 500 : errno == ENOENT ? 404 : 503;
    if (!v)
        return rc;
    lua_pushfstring(L, "failed to load external Lua file \"%s\": %s", full, lua_tostring(L, -1));
    lua_remove(L, -2);
    return rc;
}

/* `load` of the module resolves "module.function" and wraps the middleware around it. */
static int load_handler(lua_State *L, const struct lua_code *code, const char *module)
{
    if (!vm_push_function(module, "load")) {
        lua_pushfstring(L, "%s is missing", module);
        return 500;
    }
    lua_pushlstring(L, code->text.p, code->text.n);
    lua_createtable(L, (int)code->n_middleware, 0);
    for (unsigned i = 0; i < code->n_middleware; i++) {
        lua_pushlstring(L, code->middleware[i].p, code->middleware[i].n);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return lua_pcall(L, 2, 1, 0) == 0 ? 0 : 500;
}

static int load(lua_State *L, const struct lua_code *code, struct visit *v)
{
    switch (code->kind) {
    case LUA_CODE_INLINE:
        return load_inline(L, code, v);
    case LUA_CODE_FILE:
        return load_file(L, code, v);
    case LUA_CODE_HANDLER:
        return load_handler(L, code, "perilune.http.handler");
    case LUA_CODE_SESSION:
        break;
    }
    return load_handler(L, code, "perilune.session");
}

struct slice lua_code_text(struct slice text)
{
    return slice_eq(slice_trim(text), SLICE(";")) ? SLICE(" ") : text;
}

int lua_code_push(struct lua_code *code, struct visit *v)
{
    lua_State *L = vm_main();
    bool is_fixed = code->kind != LUA_CODE_FILE || script_is_constant(code->path);
    bool is_cached = v ? v->loc->lua_code_cache : true;
    int status;

    if (UNLIKELY(!is_cached))
        lua_fresh_begin(v);
    if (code->machine == vm_generation() && code->ref != LUA_NOREF) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, code->ref);
        return 0;
    }
    status = load(L, code, v);
    if (status)
        return status;
    if (is_fixed && (is_cached || code->kind == LUA_CODE_INLINE)) {
        lua_pushvalue(L, -1);
        code->ref = luaL_ref(L, LUA_REGISTRYINDEX);
        code->machine = vm_generation();
    }
    return 0;
}

bool lua_code_load_handler(struct lua_code *code, struct config_error *e)
{
    lua_State *L = vm_main();
    bool is_loaded = lua_code_push(code, NULL) == 0;

    if (!is_loaded)
        config_node_error(code->node, e, "%s \"" SLICE_FMT "\" cannot be loaded: %s",
                          code->directive, SLICE_ARG(code->text), lua_tostring(L, -1));
    lua_pop(L, 1);
    return is_loaded;
}

/* `text` is "name:N: what is wrong", N a line of the code. */
static void tell(const struct lua_code *code, const char *text, struct config_error *e)
{
    const struct config_node *node = code->node;
    struct slice name = slice_from(code->chunk_name, 1), rest = slice_str(text);
    unsigned line = node->line;
    int64_t n;

    if (slice_has_prefix(rest, name)) {
        rest = slice_from(rest, MIN(name.n + 1, rest.n));
        if (num_parse_u63(slice_cut(&rest, ':'), &n) && node->content == CONFIG_LUA)
            line = node->end_line + (unsigned)n - 1;
    }
    config_error_set(e, node->file, line, "%s:" SLICE_FMT, code->directive, SLICE_ARG(rest));
}

void lua_code_remark_file(const struct lua_code *code)
{
    char *path = conf_path(code->conf, script_constant(code->path));

    if (access(path, R_OK) == 0)
        return;
    conf_remark(code->conf, LOG_WARN,
                pool_printf(&code->conf->pool,
                            "open() \"%s\" failed (%d: %s), which \"%s_file\" names", path, errno,
                            strerror(errno), code->directive)
                    .p,
                code->node);
}

/* One that cannot be opened is for those who need it to miss, and may come yet, unless the start
 * needs it. */
static bool compile_file(lua_State *L, const struct lua_code *code, struct config_error *e)
{
    const struct app_conf *conf = code->conf;
    bool is_of_start =
        code == conf->init_by_lua[CONF_HTTP] || code == conf->init_by_lua[CONF_STREAM];
    int rc = luaL_loadfile(L, conf_path(code->conf, script_constant(code->path)));

    if (rc == 0 || (rc == LUA_ERRFILE && !is_of_start))
        return true;
    return config_node_error(code->node, e, "%s_file: %s", code->directive, lua_tostring(L, -1));
}

/* Leaves the function, or the error, on top. */
static bool compile(lua_State *L, const struct lua_code *code, struct config_error *e)
{
    if (code->kind == LUA_CODE_FILE)
        return compile_file(L, code, e);
    if (luaL_loadbuffer(L, code->text.p, code->text.n, code->chunk_name.p) == 0)
        return true;
    tell(code, lua_tostring(L, -1), e);
    return false;
}

bool lua_code_check(const struct lua_code *code, struct config_error *e)
{
    lua_State *L = luaL_newstate();
    bool is_well = true;

    if (!L)
        PANIC("no memory for Lua");
    for (; code && is_well; code = code->next) {
        is_well = compile(L, code, e);
        lua_pop(L, 1);
    }
    lua_close(L);
    return is_well;
}
