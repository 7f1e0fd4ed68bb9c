/* Connections that Lua makes with ngx.socket: their timeouts, pools and TLS. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/tls/socket_tls.h"
#include "app/tls/tls_conf.h"
#include "net/tls/tls_ctx.h"

#define GROUP      "Sockets of Lua"
#define CTX_LEVELS (CTX_HTTP_ALL | CTX_IF_LOCATION | CTX_STREAM_ALL)

static bool set_pool_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    if (!directives_set_number(ctx, node, e))
        return false;
    if (a->loc->sockets.pool_size == 0)
        return config_node_error(node, e, "invalid number: a pool has room for 1 at least");
    return true;
}

/* What a directive of TLS sets; the level has a context of its own from now on. */
static void *field_of(void *ctx, const struct config_node *node)
{
    struct apply *a = ctx;

    socket_tls_own(a->conf, a->loc);
    return (char *)a->loc + node->schema->id;
}

static bool set_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    *(const char **)field_of(ctx, node) = conf_material(((struct apply *)ctx)->conf, node->args[0]);
    return true;
}

static bool set_text(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    *(const char **)field_of(ctx, node) = pool_strdup(&a->conf->pool, node->args[0]);
    return true;
}

static bool set_protocols(void *ctx, const struct config_node *node, struct config_error *e)
{
    return tls_conf_read_protocols(node, field_of(ctx, node), e);
}

static bool set_depth(void *ctx, const struct config_node *node, struct config_error *e)
{
    (void)field_of(ctx, node);
    return directives_set_number(ctx, node, e);
}

static bool add_command(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct socket_commands **at = &a->loc->sockets.commands, *own = *at;

    socket_tls_own(a->conf, a->loc);
    if (!own || own->owner != a->loc) {
        own = *at = pool_new(&a->conf->pool, struct socket_commands);
        own->owner = a->loc;
    }
    own->all = pool_grow(&a->conf->pool, own->all, own->n, &own->room, sizeof(*own->all));
    return tls_conf_read_command(a->conf, node, TLS_ROLE_CLIENT, &own->all[own->n++], e);
}

static bool set_key_log(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    socket_tls_own(a->conf, a->loc);
    a->loc->sockets.key_log = conf_key_log(a->conf, node->args[0]);
    return true;
}

#define ROW(text, kind, args, value, member, about, fn)                                            \
    DIRECTIVE_SETTING(text, CTX_LEVELS, kind, args, value,                                         \
                      offsetof(struct location, sockets.member), about, fn)

#define TLS_ROW(text, args, member, about, fn)                                                     \
    {                                                                                              \
        .name = (text), .contexts = CTX_LEVELS, .min_args = 1, .max_args = 1, .group = GROUP,      \
        .syntax = text " " args ";", .doc = (about),                                               \
        .id = (int)offsetof(struct location, sockets.member), .apply = (fn)                        \
    }

static const struct directive table[] = {
    ROW("lua_socket_connect_timeout", ARG_TIME, "time", "60s", connect_timeout,
        "How long `connect` may take; `settimeout` of the socket comes before it.",
        directives_set_time),
    ROW("lua_socket_send_timeout", ARG_TIME, "time", "60s", send_timeout,
        "How long the peer may take nothing while `send` waits.", directives_set_time),
    ROW("lua_socket_read_timeout", ARG_TIME, "time", "60s", read_timeout,
        "How long the peer may send nothing while `receive` waits.", directives_set_time),
    ROW("lua_socket_keepalive_timeout", ARG_TIME, "time", "60s", keepalive_timeout,
        "How long a connection of `setkeepalive` may idle; 0: for ever.", directives_set_time),
    ROW("lua_socket_pool_size", ARG_NUMBER, "number", "30", pool_size,
        "Connections to one peer that may idle, in each worker.", set_pool_size),
    ROW("lua_socket_log_errors", ARG_FLAG, "on | off", "on", log_errors,
        "Errors and timeouts of sockets are logged.", directives_set_flag),
    ROW("lua_socket_buffer_size", ARG_SIZE, "size", "4k", buffer_size,
        "Accepted for compatibility: input is read into one buffer of the worker.",
        directives_set_size),
    TLS_ROW("lua_ssl_trusted_certificate", "file", trusted,
            "PEM file of those who may have signed the certificates of servers that `sslhandshake` "
            "verifies. Without it those that the system trusts.",
            set_path),
    TLS_ROW("lua_ssl_crl", "file", crl, "PEM file of certificates that were revoked.", set_path),
    TLS_ROW("lua_ssl_ciphers", "ciphers", ciphers,
            "Ciphers of TLS 1.2 and older, in OpenSSL's words.", set_text),
    TLS_ROW("lua_ssl_certificate", "file", certificate,
            "The certificate that servers who ask for one are shown, PEM.", set_path),
    TLS_ROW("lua_ssl_certificate_key", "file", certificate_key, "Its key, PEM.", set_path),
    {.name = "lua_ssl_protocols",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "lua_ssl_protocols [TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3];",
     .default_text = "lua_ssl_protocols TLSv1.2 TLSv1.3;",
     .doc = "Versions of TLS that `sslhandshake` speaks.",
     .id = (int)offsetof(struct location, sockets.protocols),
     .apply = set_protocols},
    ROW("lua_ssl_verify_depth", ARG_NUMBER, "number", "1", depth,
        "Certificates that may stand between a server's and one that is trusted.", set_depth),
    {.name = "lua_ssl_conf_command",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "lua_ssl_conf_command name value;",
     .doc =
         "A setting of the library by its own name, as `proxy_ssl_conf_command`: obeyed after the "
         "other directives.",
     .apply = add_command},
    TLS_ROW(
        "lua_ssl_key_log", "file", key_log,
        "Where the secrets of the connections of `sslhandshake` are written, for programs that "
        "read captures (format of NSS). Relative to the folder of the configuration. Who reads it "
        "reads the traffic.",
        set_key_log),
    {.name = "lua_socket_send_lowat",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "lua_socket_send_lowat size;",
     .doc = "Checked, without effect."},
};

void directives_socket_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
