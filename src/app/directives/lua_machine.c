/* Settings of the Lua machine as a whole: where it finds modules, how much it may have at work,
 * what it keeps and leaves behind. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"

#define GROUP    "Lua"
#define CTX_TOPS (CTX_HTTP | CTX_STREAM)

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

/* Length of the "$prefix" or "${prefix}" that `s` begins with, or 0. */
static size_t prefix_word(struct slice s)
{
    if (slice_has_prefix(s, SLICE("${prefix}")))
        return strlen("${prefix}");
    return slice_has_prefix(s, SLICE("$prefix")) ? strlen("$prefix") : 0;
}

/* A search path; "$prefix" in it is the server's prefix, which ends with a slash. */
static bool set_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    struct slice rest = node->args[0], *slot;
    struct buf path = BUF_EMPTY;

    UNUSED(e);
    while (rest.n > 0) {
        size_t n = prefix_word(rest);

        buf_add_slice(&path, n > 0 ? conf->prefix : slice_of(rest.p, 1));
        rest = slice_from(rest, n > 0 ? n : 1);
    }
    slot = (struct slice *)((char *)conf + node->schema->id);
    if (slot->n > 0 && !slice_eq(*slot, buf_slice(&path))) { /* of http as well as of stream */
        buf_add_char(&path, ';');
        buf_add_slice(&path, *slot);
    }
    *slot = pool_dup(&conf->pool, buf_slice(&path));
    buf_free(&path);
    return true;
}

#define CONF(text, kind, args, value, member, about, fn)                                           \
    {                                                                                              \
        .name = (text), .contexts = CTX_TOPS, .min_args = 1, .max_args = 1, .kinds = {(kind)},     \
        .group = GROUP, .syntax = text " " args ";", .default_text = (value), .doc = (about),      \
        .id = (int)offsetof(struct app_conf, member), .apply = (fn)                                \
    }

static const struct directive table[] = {
    CONF("lua_package_path", ARG_WORD, "path", NULL, lua_package_path,
         "Where `require` looks for Lua modules; `;;` is the default path, `$prefix` the server's "
         "prefix with its final slash.",
         set_path),
    CONF("lua_package_cpath", ARG_WORD, "path", NULL, lua_package_cpath,
         "Where `require` looks for C modules; `;;` is the default path.", set_path),
    CONF("lua_max_pending_timers", ARG_NUMBER, "number", "lua_max_pending_timers 1024;",
         max_pending_timers, "How many `ngx.timer` may wait in a worker.",
         directives_set_conf_number),
    CONF("lua_max_running_timers", ARG_NUMBER, "number", "lua_max_running_timers 256;",
         max_running_timers, "How many functions of `ngx.timer` may run at once in a worker.",
         directives_set_conf_number),
    CONF("lua_thread_cache_max_entries", ARG_NUMBER, "number", "lua_thread_cache_max_entries 1024;",
         most_idle_coroutines,
         "How many coroutines that have ended a worker keeps, to run the next handlers in.",
         directives_set_conf_number),
    CONF("lua_worker_thread_vm_pool_size", ARG_NUMBER, "number",
         "lua_worker_thread_vm_pool_size 10;", threads.most_machines,
         "How many Lua machines for threads there may be in a worker, and thereby how many "
         "functions of `ngx.run_worker_thread` at a time. A machine takes about 300 KB besides "
         "what it loads.",
         directives_set_conf_number),
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
    CONF("lua_malloc_trim", ARG_NUMBER, "requests", "lua_malloc_trim 0;", malloc_trim,
         "After so many requests and sessions of a worker the C library gives memory that it does "
         "not need back to the system (`malloc_trim`). 0: never.",
         directives_set_conf_number),
    {.name = "lua_load_resty_core",
     .contexts = CTX_TOPS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "lua_load_resty_core on | off;",
     .doc = "Has no effect but a warning: `resty.core` is always there.",
     .apply = apply_resty_core},
    CONF("lua_capture_error_log", ARG_SIZE, "size", NULL, capture_size,
         "The newest lines of the error log, up to this size in each worker, are kept for "
         "`require \"ngx.errlog\"`. At least 4k.",
         set_capture),
    CONF("lua_regex_match_limit", ARG_NUMBER, "number", "lua_regex_match_limit 0;",
         regex_match_limit,
         "How often a regular expression of `ngx.re` may go back and try another way in one match; "
         "beyond, it fails with an error. 0: the limit of PCRE, 10 million.",
         directives_set_conf_number),
    DIRECTIVE_ACCEPTED("lua_regex_cache_max_entries", CTX_TOPS, ARG_NUMBER, "number",
                       "up to 1,024 expressions stay compiled in a worker; which nobody has asked "
                       "for since goes first."),
    DIRECTIVE_ACCEPTED("lua_sa_restart", CTX_TOPS, ARG_FLAG, "on | off",
                       "system calls that a signal interrupts are always made again."),
};

void directives_lua_machine_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
