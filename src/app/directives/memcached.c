/* memc_pass, memcached_pass and their kin: the content is a Lua function of ours
 * (lua/ngx/memcached.lua). */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/lua/lua_step.h"
#include "app/proxy/memcached.h"
#include "base/buf.h"

#define GROUP "Memcached"

/* A row's id is the enum memcached_kind. */
static bool apply_pass(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct memcached_conf *c = memcached_conf_own(a->loc);
    struct lua_code *code = pool_new(&a->conf->pool, struct lua_code);

    c->kind = (enum memcached_kind)node->schema->id;
    if (!directives_script(a, node, node->args[0], &c->target, e))
        return false;
    code->kind = LUA_CODE_INLINE;
    code->directive = node->schema->name;
    code->text = SLICE("return require('ngx.memcached').serve()");
    code->chunk_name = SLICE("=memcached");
    code->path = NULL;
    code->conf = a->conf;
    code->ref = -2;
    directives_pass_on(a, node, lua_step_content, code);
    return true;
}

static bool set_allowed(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct buf words = BUF_EMPTY;

    UNUSED(e);
    buf_add_char(&words, ' ');
    for (size_t i = 0; i < node->n_args; i++)
        buf_printf(&words, SLICE_FMT " ", SLICE_ARG(node->args[i]));
    memcached_conf_own(a->loc)->allowed = pool_dup(&a->conf->pool, buf_slice(&words));
    buf_free(&words);
    return true;
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(memcached_conf_own(((struct apply *)ctx)->loc), node, e);
}

#define TIME(word, field)                                                                          \
    DIRECTIVE_SETTING(word, CTX_HTTP_ALL, ARG_TIME, "time", "60s",                                 \
                      offsetof(struct memcached_conf, field), "Limits the wait, each time.",       \
                      set_time)

static const struct directive table[] = {
    {.name = "memcached_pass",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "memcached_pass address | upstream;",
     .doc = "Answers with the value of `$memcached_key`, which `set` sets, or 404.",
     .id = MEMCACHED_GET,
     .apply = apply_pass},
    {.name = "memc_pass",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "memc_pass address | upstream;",
     .doc = "Answers with what a memcached says to `$memc_cmd`: get, set, add, replace, append, "
            "prepend, "
            "delete, incr, decr, flush_all, stats, version; without it GET and HEAD mean get, POST "
            "add, "
            "PUT set, DELETE delete. `$memc_key`, `$memc_value` (else the body), `$memc_flags` and "
            "`$memc_exptime` are its arguments. 201 is STORED, 404 NOT_FOUND.",
     .id = MEMCACHED_ANY,
     .apply = apply_pass},
    {.name = "memc_cmds_allowed",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "memc_cmds_allowed command …;",
     .doc = "The commands that `memc_pass` passes on; others are 403. Without it, all.",
     .apply = set_allowed},
    TIME("memc_connect_timeout", connect_timeout),
    TIME("memc_send_timeout", send_timeout),
    TIME("memc_read_timeout", read_timeout),
    TIME("memcached_connect_timeout", connect_timeout),
    TIME("memcached_send_timeout", send_timeout),
    TIME("memcached_read_timeout", read_timeout),
};

void directives_memcached_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
