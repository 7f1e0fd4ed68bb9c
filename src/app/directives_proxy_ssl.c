/* proxy_ssl_*: TLS towards servers. */
#include "app/directives.h"

#include "app/proxy.h"
#include "net/tls_ctx.h"

#define GROUP "Proxying"

static struct proxy_tls *own(void *ctx)
{
    return &proxy_conf_own(((struct apply *)ctx)->conf, ((struct apply *)ctx)->loc)->tls;
}

static bool set_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    const char **at = (const char **)((char *)own(ctx) + node->schema->id);

    UNUSED(e);
    *at = conf_material(((struct apply *)ctx)->conf, node->args[0]);
    return true;
}

static bool set_ciphers(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    own(ctx)->ciphers = pool_strdup(&((struct apply *)ctx)->conf->pool, node->args[0]);
    return true;
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

static bool set_name(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &own(ctx)->name, e);
}

static bool set_depth(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    own(ctx)->depth = (unsigned)MIN(n, 100);
    return true;
}

static bool set_protocols(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const struct {
        struct slice name;
        unsigned bit;
    } known[] = {{SLICE("TLSv1"), TLS_1_0},   {SLICE("TLSv1.1"), TLS_1_1},
                 {SLICE("TLSv1.2"), TLS_1_2}, {SLICE("TLSv1.3"), TLS_1_3},
                 {SLICE("SSLv2"), 0},         {SLICE("SSLv3"), 0}};
    unsigned bits = 0;

    for (size_t i = 0; i < node->n_args; i++) {
        size_t k = 0;

        while (k < ARRAY_LEN(known) && !slice_eq(known[k].name, node->args[i]))
            k++;
        if (k == ARRAY_LEN(known))
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        bits |= known[k].bit;
    }
    own(ctx)->protocols = bits;
    return true;
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
};

void directives_proxy_ssl_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
