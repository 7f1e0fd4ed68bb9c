/* Settings of the Lua machine as a whole, and of what it leaves behind. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"

#define GROUP "Lua"

enum { CAPTURE_LEAST = 4096, CAPTURE_MOST = 1 << 30 }; /* of lua_capture_error_log */

static bool set_capture(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    int64_t n;

    if (!config_arg_size(node, 0, &n, e))
        return false;
    if (n < CAPTURE_LEAST || n > CAPTURE_MOST)
        return config_node_error(node, e,
                                 "invalid capture error log size \"%.20s\", minimum size is %d",
                                 node->args[0].p, CAPTURE_LEAST);
    conf->capture_size = (size_t)n;
    return true;
}

static bool apply_code_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    if (!directives_set_flag(a, node, e))
        return false;
    if (a->loc->lua_code_cache)
        return true;
    a->conf->has_uncached_lua = true;
    conf_remark(a->conf, LOG_ALERT,
                directives_is_stream(a) ? "stream lua_code_cache is off; this will hurt performance"
                                        : "lua_code_cache is off; this will hurt performance",
                node);
    return true;
}

static bool apply_resty_core(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    conf_remark(((struct apply *)ctx)->conf, LOG_WARN,
                "lua_load_resty_core is deprecated (the lua-resty-core library is required since "
                "ngx_lua v0.10.16)",
                node);
    return true;
}

static const struct directive table[] = {
    {.name = "lua_code_cache",
     .contexts = CTX_HTTP_ALL | CTX_IF_LOCATION | CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "lua_code_cache on | off;",
     .default_text = "lua_code_cache on;",
     .doc =
         "With `off` files, handlers and modules are loaded anew for each request: before its Lua "
         "runs the modules of programs are forgotten, and the globals they have set when nobody "
         "else runs, then `init_by_lua` runs again. For development.",
     .id = (int)offsetof(struct location, lua_code_cache),
     .apply = apply_code_cache},
    {.name = "lua_malloc_trim",
     .contexts = CTX_HTTP | CTX_STREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "lua_malloc_trim requests;",
     .default_text = "lua_malloc_trim 0;",
     .doc = "After so many requests and sessions of a worker the C library gives memory that it "
            "does not need back to the system (`malloc_trim`). 0: never.",
     .id = (int)offsetof(struct app_conf, malloc_trim),
     .apply = directives_set_conf_number},
    {.name = "lua_load_resty_core",
     .contexts = CTX_HTTP | CTX_STREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "lua_load_resty_core on | off;",
     .doc = "Has no effect but a warning: `resty.core` is always there.",
     .apply = apply_resty_core},
    {.name = "lua_capture_error_log",
     .contexts = CTX_HTTP | CTX_STREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "lua_capture_error_log size;",
     .doc = "The newest lines of the error log, up to this size in each worker, are kept for "
            "`require \"ngx.errlog\"`. At least 4k.",
     .apply = set_capture},
};

void directives_lua_machine_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
