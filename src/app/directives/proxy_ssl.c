/* proxy_ssl_*: TLS towards servers. */
#include "app/directives/directives.h"

#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"
#include "app/tls/tls_conf.h"
#include "net/tls/tls_ctx.h"

#define GROUP "Proxying"

static struct proxy_tls *own(void *ctx, const struct config_node *node)
{
    struct apply *a = ctx;

    return proxy_tls_own(a->conf, directives_proxy_own(a, node));
}

static bool set_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    const char **at = (const char **)((char *)own(ctx, node) + node->schema->id);

    UNUSED(e);
    *at = conf_material(((struct apply *)ctx)->conf, node->args[0]);
    return true;
}

static bool set_own_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_tls_name(ctx, node,
                               (struct tls_name *)((char *)own(ctx, node) + node->schema->id), e);
}

static bool set_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    return tls_conf_read_cache(((struct apply *)ctx)->conf, node, &own(ctx, node)->cache, e);
}

static bool set_ciphers(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own(ctx, node)->ciphers = pool_strdup(&((struct apply *)ctx)->conf->pool, node->args[0]);
    return true;
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx, node), node, e);
}

static bool set_name(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &own(ctx, node)->name, e);
}

static bool set_depth(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    own(ctx, node)->depth = (unsigned)MIN(n, 100);
    return true;
}

static bool set_passwords(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct proxy_tls *t = own(ctx, node);

    return tls_conf_read_passwords(((struct apply *)ctx)->conf, node, &t->passwords,
                                   &t->n_passwords, e);
}

static bool set_key_log(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own(ctx, node)->key_log = conf_key_log(((struct apply *)ctx)->conf, node->args[0]);
    return true;
}

static bool set_protocols(void *ctx, const struct config_node *node, struct config_error *e)
{
    return tls_conf_read_protocols(node, &own(ctx, node)->protocols, e);
}

static bool add_command(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    struct proxy_tls *t = own(ctx, node);

    if (!t->commands_size)
        t->n_commands = 0; /* those were the parent's */
    t->commands = pool_grow(&conf->pool, t->commands_size ? t->commands : NULL, t->n_commands,
                            &t->commands_size, sizeof(*t->commands));
    return tls_conf_read_command(conf, node, TLS_ROLE_CLIENT, &t->commands[t->n_commands++], e);
}

bool directives_proxy_tls(struct app_conf *conf, struct proxy_conf *c,
                          const struct config_node *node, struct config_error *e)
{
    struct buf why = BUF_EMPTY;
    const struct err *err;

    if (!c->tls.owner)
        return true;
    if (c->tls.cert.path && !c->tls.key.path)
        return config_node_error(node, e,
                                 "no \"%s_ssl_certificate_key\" is defined for certificate \"%s\"",
                                 proxy_conf_word(c->kind), c->tls.cert.path);
    err = proxy_tls_build(conf, &c->tls, &why);
    if (err)
        config_node_error(node, e, "TLS towards this server: %s",
                          why.n ? buf_cstr(&why) : err->message);
    buf_free(&why);
    return !err;
}

#define ROW(word, most, what, text, field, setter)                                                 \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL, .min_args = 1,                  \
        .max_args = (most), .group = GROUP, .syntax = word " " what ";", .doc = (text),            \
        .id = offsetof(struct proxy_tls, field), .apply = (setter)                                 \
    }
#define FLAG_ROW(word, value, field, text)                                                         \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL, .min_args = 1, .max_args = 1,   \
        .kinds = {ARG_FLAG}, .group = GROUP, .syntax = word " on | off;",                          \
        .default_text = word " " value ";", .doc = (text),                                         \
        .id = offsetof(struct proxy_tls, field), .apply = set_flag                                 \
    }

static const struct directive table[] = {
    FLAG_ROW("proxy_ssl_verify", "off", verifies,
             "Whether the certificate of a server must be signed by "
             "`proxy_ssl_trusted_certificate` and be for `proxy_ssl_name`."),
    FLAG_ROW("proxy_ssl_server_name", "off", sends_name,
             "Whether the name is sent to the server (SNI)."),
    ROW("proxy_ssl_name", 1, "name",
        "The name that is sent and verified; `$proxy_host` by default, in `stream` the host of "
        "`proxy_pass`. May hold variables.",
        name, set_name),
    ROW("proxy_ssl_trusted_certificate", 1, "file",
        "Authorities that certificates of servers are verified against, PEM; the system's when "
        "none is named.",
        trusted, set_file),
    ROW("proxy_ssl_crl", 1, "file", "What they have revoked, PEM.", crl, set_file),
    ROW("proxy_ssl_certificate", 1, "file",
        "Our certificate for servers that ask for one, and those above it, PEM. The name may hold "
        "variables, or be `data:` and a variable that holds PEM: it is then read in each "
        "handshake in which a server asks; empty: none is shown. Such a connection is not kept "
        "for other requests.",
        cert, set_own_file),
    ROW("proxy_ssl_certificate_key", 1, "file", "Its key, PEM.", key, set_own_file),
    ROW("proxy_ssl_certificate_cache", 3, "off | max=number [inactive=time] [valid=time]",
        "As `ssl_certificate_cache`, for `proxy_ssl_certificate` with variables.", cache,
        set_cache),
    ROW("proxy_ssl_password_file", 1, "file",
        "Passwords of that key when it is encrypted, one a line, tried one after another.",
        passwords, set_passwords),
    ROW("proxy_ssl_key_log", 1, "file",
        "Where the secrets of the connections are written, as by `lua_ssl_key_log`.", key_log,
        set_key_log),
    ROW("proxy_ssl_ciphers", 1, "list", "Ciphers of TLS 1.2 and older, in OpenSSL's notation.",
        ciphers, set_ciphers),
    ROW("proxy_ssl_protocols", ARGS_MANY, "[TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3]",
        "Versions of TLS; 1.2 and 1.3 by default.", protocols, set_protocols),
    ROW("proxy_ssl_verify_depth", 1, "number",
        "How many certificates may stand between the server's and one of "
        "`proxy_ssl_trusted_certificate`, 1 by default.",
        depth, set_depth),
    FLAG_ROW("proxy_ssl_session_reuse", "on", keeps_sessions,
             "Whether a new connection to a server goes on with the session of an earlier one, "
             "which saves most of the handshake. Sessions are kept by each worker. Not in "
             "`stream`, nor where Lua or a variable has to do with the handshake."),
    {.name = "proxy_ssl_conf_command",
     .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = 2,
     .group = GROUP,
     .syntax = "proxy_ssl_conf_command name value;",
     .doc = "A setting of the library by its own name: `MinProtocol`, `Options`, `Ciphersuites` "
            "and what else SSL_CONF_cmd(3) lists. Obeyed after all other directives.",
     .apply = add_command},
    {.name = "lua_upstream_skip_openssl_default_verify",
     .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "lua_upstream_skip_openssl_default_verify on | off;",
     .default_text = "lua_upstream_skip_openssl_default_verify off;",
     .doc =
         "With `proxy_ssl_verify_by_lua`: certificates of servers are not judged before it runs, "
         "which alone decides.",
     .id = offsetof(struct proxy_tls, skips_own_judgement),
     .apply = set_flag},
};

void directives_proxy_ssl_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
