/* stream { }: servers of TCP and UDP. Most of what may stand there is shared with http: `listen`,
 * TLS, logs, Lua, names. Passing on is in directives/relay.c. */
#include "app/directives/directives.h"

#include "app/directives/listen.h"
#include "app/directives/relay.h"
#include "app/directives/tables.h"
#include "app/rewrite.h"
#include "app/stream/pass.h"
#include "app/tls/tls_conf.h"
#include "app/variables/variables.h"
#include "app/visit.h"

#define GROUP "Sessions of TCP and UDP"

enum { PREREAD_BUFFER = 16384, PREREAD_TIMEOUT = 30000, PROXY_PROTOCOL_TIMEOUT = 30000 };

static bool apply_stream(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location *l = directives_new_top(a->conf, node, &a->conf->stream_variables);

    l->preread_buffer_size = PREREAD_BUFFER;
    l->preread_timeout = PREREAD_TIMEOUT;
    l->http.proxied_timeout = PROXY_PROTOCOL_TIMEOUT;
    l->default_type = SLICE_EMPTY;
    a->conf->stream = l;
    return directives_apply_location(a, node, l, NULL, e) && directives_relay_resolve(a->conf, e);
}

static bool apply_server(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct vhost *vh = directives_new_vhost(a->conf, node);

    vh->base = directives_new_location(a, LOCATION_LEVEL, SLICE_EMPTY);
    vh->base->vhost = vh;
    vh->base->file = node->file;
    vh->base->line = node->line;
    if (!directives_apply_location(a, node, vh->base, vh, e) ||
        !directives_listen_check(a->conf, vh, node, e))
        return false;
    return vh->base->steps[PHASE_CONTENT].n > 0 ||
           config_node_error(node, e, "no handler for server");
}

/* Protocols of ssl_alpn, joined as the library of TLS wants them. */
static bool set_alpn(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct buf text = BUF_EMPTY;

    UNUSED(e);
    for (size_t i = 0; i < node->n_args; i++) {
        if (i)
            buf_add_char(&text, ',');
        buf_add_slice(&text, node->args[i]);
    }
    tls_conf_own(a->conf, a->loc)->alpn = pool_strdup(&a->conf->pool, buf_slice(&text));
    buf_free(&text);
    return true;
}

/* What is sent, and then the end. */
static enum step_result return_step(struct visit *v, const struct step *s)
{
    struct chunk c = CHUNK_LAST(script_eval(s->arg, v));

    exchange_write(v->x, &c);
    return STEP_DONE;
}

/* The content is `step`, whose argument is the text of the directive. */
static bool add_content(struct apply *a, const struct config_node *node, step_fn step,
                        struct config_error *e)
{
    struct script *text;

    if (!directives_claim(a, SLOT_CONTENT, node, e))
        return false;
    if (!directives_script(a, node, node->args[0], &text, e))
        return false;
    location_add_step(a->loc, PHASE_CONTENT, step, text, node->line);
    return true;
}

static bool set_return(void *ctx, const struct config_node *node, struct config_error *e)
{
    return add_content(ctx, node, return_step, e);
}

static bool set_pass(void *ctx, const struct config_node *node, struct config_error *e)
{
    return add_content(ctx, node, pass_step, e);
}

static bool add_set(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct rewrite_set_step *set = pool_new(&a->conf->pool, struct rewrite_set_step);

    set->variable = directives_variable(a, node, node->args[0], e);
    if (!set->variable || !directives_script(a, node, node->args[1], &set->value, e))
        return false;
    location_add_step(a->loc, PHASE_REWRITE, rewrite_step_set, set, node->line);
    return true;
}

/* What Lua has given it; not found before. */
static struct slice get_added(struct visit *v, const struct variable *var)
{
    struct slice value = variable_get_slot(v, var);

    return value.p ? value : VARIABLE_NONE;
}

/* One that is there already stays what it is. */
static bool add_variable(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice name = node->args[0];

    if (name.n < 2 || name.p[0] != '$')
        return config_node_error(node, e, "invalid variable name \"%.200s\"", name.p);
    (void)variable_define_getter(a->loc->variables, slice_from(name, 1), get_added, NULL);
    return true;
}

#define ROW(text, kind, args, value, member, about, fn)                                            \
    DIRECTIVE_SETTING(text, CTX_STREAM_ALL, kind, args, value, offsetof(struct location, member),  \
                      about, fn)

static const struct directive table[] = {
    {.name = "stream",
     .contexts = CTX_MAIN,
     .flags = DIRECTIVE_BLOCK,
     .opens = CTX_STREAM,
     .group = GROUP,
     .syntax = "stream { … }",
     .doc = "Servers of TCP and UDP, and what holds for all of them. One Lua machine serves them "
            "and `http`.",
     .apply = apply_stream},
    {.name = "server",
     .contexts = CTX_STREAM,
     .flags = DIRECTIVE_BLOCK | DIRECTIVE_REPEATS,
     .opens = CTX_STREAM_SERVER,
     .group = GROUP,
     .syntax = "server { … }",
     .doc = "A server of TCP or UDP: where it listens, and what serves its sessions: `handler`, "
            "`content_by_lua_block`, `proxy_pass` or `return`.",
     .apply = apply_server},
    ROW("preread_buffer_size", ARG_SIZE, "size", "16k", preread_buffer_size,
        "How much `ssl_preread` and `peek` may look at. A session that needs more ends with 400.",
        directives_set_size),
    ROW("preread_timeout", ARG_TIME, "time", "30s", preread_timeout,
        "How long they may wait for it.", directives_set_time),
    ROW("ssl_preread", ARG_FLAG, "on | off", "off", has_ssl_preread,
        "Looks at the ClientHello of a connection that is passed on as it is: "
        "`$ssl_preread_server_name`, `$ssl_preread_alpn_protocols`, `$ssl_preread_protocol`.",
        directives_set_flag),
    ROW("ssl_handshake_timeout", ARG_TIME, "time", "60s", http.header_timeout,
        "How long the handshake of TLS may take.", directives_set_time),
    ROW("proxy_protocol_timeout", ARG_TIME, "time", "30s", http.proxied_timeout,
        "How long the header of the PROXY protocol may take (`listen … proxy_protocol`).",
        directives_set_time),
    ROW("tcp_nodelay", ARG_FLAG, "on | off", "on", http.is_nodelay,
        "Small pieces leave at once (TCP_NODELAY), to clients and to servers.",
        directives_set_flag),
    {.name = "ssl_alpn",
     .contexts = CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "ssl_alpn protocol …;",
     .doc = "Protocols that are offered by ALPN; `$ssl_alpn_protocol` is the one agreed on.",
     .apply = set_alpn},
    DIRECTIVE_TEXT("return", CTX_STREAM_SERVER, "value", 0,
                   "Sends a text, which may hold variables, and closes the connection.",
                   set_return),
    DIRECTIVE_TEXT(
        "pass", CTX_STREAM_SERVER, "address", 0,
        "Passes the connection, as it is or freed of TLS, to another socket of `http` or "
        "`stream`: `address` is that of its `listen`, letter by letter (`0.0.0.0:80` for "
        "`listen 80`), and may hold variables. It goes on there as if it had been accepted, "
        "with the handshake of `listen … ssl`; what a header of the PROXY protocol has said goes "
        "with it. A socket that awaits such a header is refused, and so is a connection that has "
        "been passed on seven times. Bytes that Lua has sent before must have left.",
        set_pass),
    {.name = "set",
     .contexts = CTX_STREAM_SERVER,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "set $variable value;",
     .doc = "Sets a variable when a session begins.",
     .apply = add_set},
    {.name = "lua_add_variable",
     .contexts = CTX_STREAM,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "lua_add_variable $variable;",
     .doc = "A variable that Lua may set by `ngx.var`; until then it is not found (nil).",
     .apply = add_variable},
    {.name = "preread_by_lua_no_postpone",
     .contexts = CTX_STREAM,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "preread_by_lua_no_postpone on | off;",
     .doc = "Checked, without effect: `preread_by_lua_block` runs behind `ssl_preread`."},
};

void directives_stream_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
