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

#define FIELD(name) offsetof(struct proxy_tls, name)
#define ROW(word, least, most, what, text, field, setter)                                          \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL, .min_args = (least),            \
        .max_args = (most), .group = GROUP, .syntax = what, .doc = (text), .id = FIELD(field),     \
        .apply = (setter)                                                                          \
    }
#define FLAG(word, field, text)                                                                    \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL | CTX_STREAM_ALL, .min_args = 1, .max_args = 1,   \
        .kinds = {ARG_FLAG}, .group = GROUP, .syntax = word " on | off;",                          \
        .default_text = word " off;", .doc = (text), .id = FIELD(field), .apply = set_flag         \
    }

static const struct directive table[] = {
    FLAG(
        "proxy_ssl_verify", verifies,
        "Whether the certificate of a server must be signed by `proxy_ssl_trusted_certificate` and "
        "be for `proxy_ssl_name`."),
    FLAG("proxy_ssl_server_name", sends_name, "Whether the name is sent to the server (SNI)."),
    ROW("proxy_ssl_name", 1, 1, "proxy_ssl_name name;",
        "The name that is sent and verified; `$proxy_host` by default, in `stream` the host of "
        "`proxy_pass`. May hold variables.",
        name, set_name),
    ROW("proxy_ssl_trusted_certificate", 1, 1, "proxy_ssl_trusted_certificate file;",
        "Authorities that certificates of servers are verified against, PEM.", trusted, set_file),
    ROW("proxy_ssl_crl", 1, 1, "proxy_ssl_crl file;", "What they have revoked, PEM.", crl,
        set_file),
    ROW("proxy_ssl_certificate", 1, 1, "proxy_ssl_certificate file;",
        "Our certificate for servers that ask for one, PEM.", cert, set_file),
    ROW("proxy_ssl_certificate_key", 1, 1, "proxy_ssl_certificate_key file;", "Its key, PEM.", key,
        set_file),
    ROW("proxy_ssl_ciphers", 1, 1, "proxy_ssl_ciphers list;",
        "Ciphers of TLS 1.2 and older, in OpenSSL's notation.", ciphers, set_ciphers),
    ROW("proxy_ssl_protocols", 1, ARGS_MANY,
        "proxy_ssl_protocols [TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3];",
        "Versions of TLS; 1.2 and 1.3 by default.", protocols, set_protocols),
    ROW("proxy_ssl_verify_depth", 1, 1, "proxy_ssl_verify_depth number;",
        "How many certificates may stand above the server's.", depth, set_depth),
    ROW("proxy_ssl_session_reuse", 1, 1, "proxy_ssl_session_reuse on | off;",
        "Accepted; sessions are not resumed: keep connections instead.", depth, accept_reuse),
    FLAG("grpc_ssl_verify", verifies, "As `proxy_ssl_verify`, for `grpc_pass`."),
    FLAG("grpc_ssl_server_name", sends_name, "As `proxy_ssl_server_name`, for `grpc_pass`."),
    ROW("grpc_ssl_name", 1, 1, "grpc_ssl_name name;", "As `proxy_ssl_name`, for `grpc_pass`.", name,
        set_name),
    ROW("grpc_ssl_trusted_certificate", 1, 1, "grpc_ssl_trusted_certificate file;",
        "As `proxy_ssl_trusted_certificate`, for `grpc_pass`.", trusted, set_file),
    ROW("grpc_ssl_crl", 1, 1, "grpc_ssl_crl file;", "As `proxy_ssl_crl`, for `grpc_pass`.", crl,
        set_file),
    ROW("grpc_ssl_certificate", 1, 1, "grpc_ssl_certificate file;",
        "As `proxy_ssl_certificate`, for `grpc_pass`.", cert, set_file),
    ROW("grpc_ssl_certificate_key", 1, 1, "grpc_ssl_certificate_key file;",
        "As `proxy_ssl_certificate_key`, for `grpc_pass`.", key, set_file),
    ROW("grpc_ssl_ciphers", 1, 1, "grpc_ssl_ciphers list;",
        "As `proxy_ssl_ciphers`, for `grpc_pass`.", ciphers, set_ciphers),
    ROW("grpc_ssl_protocols", 1, ARGS_MANY,
        "grpc_ssl_protocols [TLSv1] [TLSv1.1] [TLSv1.2] [TLSv1.3];",
        "As `proxy_ssl_protocols`, for `grpc_pass`.", protocols, set_protocols),
    ROW("grpc_ssl_verify_depth", 1, 1, "grpc_ssl_verify_depth number;",
        "As `proxy_ssl_verify_depth`, for `grpc_pass`.", depth, set_depth),
    ROW("grpc_ssl_session_reuse", 1, 1, "grpc_ssl_session_reuse on | off;",
        "As `proxy_ssl_session_reuse`, for `grpc_pass`.", depth, accept_reuse),
};

void directives_proxy_ssl_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
