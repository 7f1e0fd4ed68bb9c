/* memc_pass, memcached_pass and their kin: the content is a Lua function of ours
 * (lua/ngx/memcached.lua). */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/lua/lua_step.h"
#include "app/proxy/memcached.h"
#include "base/buf.h"

#define GROUP "Memcached"

static struct memcached_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, memcached), sizeof(struct memcached_conf),
                        &memcached_defaults);
}

/* A row's id is the enum memcached_kind. */
static bool apply_pass(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct memcached_conf *c = own(a);
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

/* The arguments, with a blank around each. */
static struct slice spaced_words(struct apply *a, const struct config_node *node)
{
    struct buf words = BUF_EMPTY;
    struct slice made;

    buf_add_char(&words, ' ');
    for (size_t i = 0; i < node->n_args; i++)
        buf_printf(&words, SLICE_FMT " ", SLICE_ARG(node->args[i]));
    made = pool_dup(&a->conf->pool, buf_slice(&words));
    buf_free(&words);
    return made;
}

static bool set_allowed(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    own(a)->allowed = spaced_words(a, node);
    return true;
}

static bool set_next(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const char *const failures[] = {"off",       "error", "timeout", "invalid_response",
                                           "not_found", NULL};
    struct apply *a = ctx;
    bool is_off = false;
    int which;

    for (size_t i = 0; i < node->n_args; i++) {
        if (!config_arg_enum(node, i, failures, &which, e))
            return false;
        is_off |= which == 0;
    }
    own(a)->next = is_off ? SLICE_EMPTY : spaced_words(a, node);
    return true;
}

static bool set_bind(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_local_address(ctx, node, &own(ctx)->bind, e);
}

static bool set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(own(ctx), node, e);
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(own(ctx), node, e);
}

#define TIME(word, field)                                                                          \
    DIRECTIVE_SETTING(word, CTX_HTTP_ALL, ARG_TIME, "time", "60s",                                 \
                      offsetof(struct memcached_conf, field), "Limits the wait, each time.",       \
                      set_time)

#define NEXT(word)                                                                                 \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL, .min_args = 1, .max_args = ARGS_MANY,            \
        .group = GROUP, .syntax = word " error | timeout | invalid_response | not_found | off …;", \
        .default_text = word " error timeout;",                                                    \
        .doc = "On what another server of the group is asked. A command that changes something "   \
               "is not sent again.",                                                               \
        .apply = set_next                                                                          \
    }

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
    NEXT("memcached_next_upstream"),
    NEXT("memc_next_upstream"),
    DIRECTIVE_SETTING("memcached_next_upstream_tries", CTX_HTTP_ALL, ARG_NUMBER, "number", "0",
                      offsetof(struct memcached_conf, next_tries),
                      "How many servers are asked, the first counted; 0: all.", set_number),
    DIRECTIVE_SETTING("memcached_next_upstream_timeout", CTX_HTTP_ALL, ARG_TIME, "time", "0",
                      offsetof(struct memcached_conf, next_timeout),
                      "After that time no other server is asked; 0: there is no limit.", set_time),
    DIRECTIVE_SETTING("memcached_gzip_flag", CTX_HTTP_ALL, ARG_NUMBER, "flag", "0",
                      offsetof(struct memcached_conf, gzip_flag),
                      "A value with one of these bits among its flags is answered with "
                      "`Content-Encoding: gzip`; 0: none is.",
                      set_number),
    DIRECTIVE_FLAG("memcached_socket_keepalive", CTX_HTTP_ALL, "off",
                   offsetof(struct memcached_conf, has_keepalive),
                   "SO_KEEPALIVE on connections to servers.", set_flag),
    DIRECTIVE_TEXT("memcached_bind", CTX_HTTP_ALL, "address | off", 0,
                   "The address to connect to servers from; may hold variables. `off`: any.",
                   set_bind),
    DIRECTIVE_ACCEPTED("memcached_buffer_size", CTX_HTTP_ALL, ARG_SIZE, "size",
                       DIRECTIVE_POOL_GROWS),
    DIRECTIVE_ACCEPTED("memc_buffer_size", CTX_HTTP_ALL, ARG_SIZE, "size", DIRECTIVE_POOL_GROWS),
};

void directives_memcached_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
