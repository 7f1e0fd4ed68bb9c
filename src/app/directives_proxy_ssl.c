/* proxy_ssl_*, grpc_ssl_*: TLS towards servers. */
#include "app/directives.h"

#include "app/proxy.h"
#include "app/tls_conf.h"
#include "net/tls_ctx.h"

#define GROUP "Proxying"

static struct proxy_tls *own(void *ctx, const struct config_node *node)
{
    const struct apply *a = ctx;
    bool is_grpc = slice_has_prefix(slice_str(node->schema->name), SLICE("grpc_"));

    return &proxy_conf_own(a->conf, a->loc, is_grpc)->tls;
}

static bool set_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    const char **at = (const char **)((char *)own(ctx, node) + node->schema->id);

    UNUSED(e);
    *at = conf_material(((struct apply *)ctx)->conf, node->args[0]);
    return true;
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

static bool set_protocols(void *ctx, const struct config_node *node, struct config_error *e)
{
    return tls_conf_read_protocols(node, &own(ctx, node)->protocols, e);
}

static bool accept_reuse(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(ctx);
    UNUSED(node);
    UNUSED(e);
    return true; /* connections are kept instead */
}

static bool add_command(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct app_conf *conf = ((struct apply *)ctx)->conf;
    struct proxy_tls *t = own(ctx, node);

    if (!t->commands_size)
        t->n_commands = 0; /* those were the parent's */
    t->commands = directives_grow(conf, t->commands_size ? t->commands : NULL, t->n_commands,
                                  &t->commands_size, sizeof(*t->commands));
    return tls_conf_read_command(conf, node, TLS_ROLE_CLIENT, &t->commands[t->n_commands++], e);
}

#define FIELD(name) offsetof(struct proxy_tls, name)

/* Each directive twice: for proxy_pass and for grpc_pass. */
#define ONE(prefix, word, least, most, repeats, args, text, at, setter)                            \
    {                                                                                              \
        .name = prefix "_ssl_" word, .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL,                    \
        .flags = (repeats), .min_args = (least), .max_args = (most), .group = GROUP,               \
        .syntax = prefix "_ssl_" word " " args ";", .doc = (text), .id = (at), .apply = (setter)   \
    }
#define LIKE(word) "As `proxy_ssl_" word "`, for `grpc_pass`."
#define MANY(word, least, most, repeats, args, text, at, setter)                                   \
    ONE("proxy", word, least, most, repeats, args, text, at, setter),                              \
        ONE("grpc", word, least, most, repeats, args, LIKE(word), at, setter)
#define ROW(word, args, text, at, setter) MANY(word, 1, 1, 0, args, text, at, setter)
#define ONE_FLAG(prefix, word, text, at)                                                           \
    {                                                                                              \
        .name = prefix "_ssl_" word, .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL, .min_args = 1,     \
        .max_args = 1, .kinds = {ARG_FLAG}, .group = GROUP,                                        \
        .syntax = prefix "_ssl_" word " on | off;", .default_text = prefix "_ssl_" word " off;",   \
        .doc = (text), .id = (at), .apply = set_flag                                               \
    }
#define FLAG(word, text, at)                                                                       \
    ONE_FLAG("proxy", word, text, at), ONE_FLAG("grpc", word, LIKE(word), at)

static const struct directive table[] = {
    FLAG(
        "verify",
        "Whether the certificate of a server must be signed by `proxy_ssl_trusted_certificate` and "
        "be for `proxy_ssl_name`.",
        FIELD(verifies)),
    FLAG("server_name", "Whether the name is sent to the server (SNI).", FIELD(sends_name)),
    ROW("name", "name",
        "The name that is sent and verified; `$proxy_host` by default, in `stream` the host of "
        "`proxy_pass`. May hold variables.",
        FIELD(name), set_name),
    ROW("trusted_certificate", "file",
        "Authorities that certificates of servers are verified against, PEM.", FIELD(trusted),
        set_file),
    ROW("crl", "file", "What they have revoked, PEM.", FIELD(crl), set_file),
    ROW("certificate", "file", "Our certificate for servers that ask for one, PEM.", FIELD(cert),
        set_file),
    ROW("certificate_key", "file", "Its key, PEM.", FIELD(key), set_file),
    ROW("ciphers", "list", "Ciphers of TLS 1.2 and older, in OpenSSL's notation.", FIELD(ciphers),
        set_ciphers),
    MANY("protocols", 1, ARGS_MANY, 0, "[TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3]",
         "Versions of TLS; 1.2 and 1.3 by default.", FIELD(protocols), set_protocols),
    ROW("verify_depth", "number", "How many certificates may stand above the server's.",
        FIELD(depth), set_depth),
    ROW("session_reuse", "on | off",
        "Accepted; sessions are not resumed: keep connections instead.", 0, accept_reuse),
    MANY("conf_command", 2, 2, DIRECTIVE_REPEATS, "name value",
         "A setting of the library by its own name: `MinProtocol`, `Options`, `Ciphersuites` and "
         "what else SSL_CONF_cmd(3) lists. Obeyed after all other directives.",
         0, add_command),
    {.name = "lua_upstream_skip_openssl_default_verify",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "lua_upstream_skip_openssl_default_verify on | off;",
     .default_text = "lua_upstream_skip_openssl_default_verify off;",
     .doc =
         "With `proxy_ssl_verify_by_lua`: certificates of servers are not judged before it runs, "
         "which alone decides.",
     .id = FIELD(skips_own_judgement),
     .apply = set_flag},
};

void directives_proxy_ssl_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
