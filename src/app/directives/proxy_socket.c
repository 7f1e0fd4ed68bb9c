/* proxy_*, grpc_*: the connections to servers, and what other servers keep of answers. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "app/proxy/proxy.h"

#define GROUP "Proxying"

static struct proxy_conf *own(struct apply *a, const struct config_node *node)
{
    bool is_grpc = slice_has_prefix(slice_str(node->schema->name), SLICE("grpc_"));

    return proxy_conf_own(a->conf, a->loc, is_grpc);
}

static bool set_bind(void *ctx, const struct config_node *node, struct config_error *e)
{
    if (node->n_args > 1)
        return config_node_error(node, e, "\"%s\" of \"%s\" is not supported", node->args[1].p,
                                 node->name.p);
    return directives_script(ctx, node, node->args[0], &own(ctx, node)->bind, e);
}

static bool set_keepalive(void *ctx, const struct config_node *node, struct config_error *e)
{
    unsigned *flags = &own(ctx, node)->flags;
    bool on;

    if (!config_arg_flag(node, 0, &on, e))
        return false;
    *flags = on ? *flags | PROXY_SOCKET_KEEPALIVE : *flags & ~(unsigned)PROXY_SOCKET_KEEPALIVE;
    return true;
}

static bool set_rate(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &own(ctx, node)->limit_rate, e);
}

#define BIND(word, about)                                                                          \
    {                                                                                              \
        .name = (word), .contexts = CTX_HTTP_ALL, .min_args = 1, .max_args = 2, .group = GROUP,    \
        .syntax = word " address | off;", .doc = (about), .apply = set_bind                        \
    }

/* For answers are read as fast as clients take them: no more memory, and no file, is needed. */
#define NOT_NEEDED(word, most, kind, args)                                                         \
    DIRECTIVE_ACCEPTED_UP_TO(most, word, CTX_HTTP_ALL, kind, args,                                 \
                             "an answer is read as fast as the client takes it, so neither more "  \
                             "memory nor a file is needed.")

static const struct directive table[] = {
    BIND("proxy_bind", "The address, and with it perhaps the port, to connect to servers from; may "
                       "hold variables. `off`: any."),
    BIND("grpc_bind", "As `proxy_bind`, for `grpc_pass`."),
    DIRECTIVE_FLAG("proxy_socket_keepalive", CTX_HTTP_ALL, "off", 0,
                   "SO_KEEPALIVE on connections to servers.", set_keepalive),
    DIRECTIVE_FLAG("grpc_socket_keepalive", CTX_HTTP_ALL, "off", 0,
                   "As `proxy_socket_keepalive`, for `grpc_pass`.", set_keepalive),
    {.name = "proxy_limit_rate",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_VARS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "proxy_limit_rate rate;",
     .default_text = "proxy_limit_rate 0;",
     .doc = "Bytes a second that are read of an answer's body, for each request; 0: as fast as the "
            "client takes it. Measured over pieces of up to 64k. May hold variables.",
     .apply = set_rate},
    NOT_NEEDED("proxy_buffer_size", 1, ARG_SIZE, "size"),
    NOT_NEEDED("proxy_buffers", 2, ARG_NUMBER, "number size"),
    NOT_NEEDED("proxy_busy_buffers_size", 1, ARG_SIZE, "size"),
    NOT_NEEDED("proxy_max_temp_file_size", 1, ARG_SIZE, "size"),
    NOT_NEEDED("proxy_temp_file_write_size", 1, ARG_SIZE, "size"),
    NOT_NEEDED("grpc_buffer_size", 1, ARG_SIZE, "size"),
    DIRECTIVE_ACCEPTED("proxy_headers_hash_bucket_size", CTX_HTTP_ALL, ARG_SIZE, "size",
                       DIRECTIVE_TABLE_FITS),
    DIRECTIVE_ACCEPTED("proxy_headers_hash_max_size", CTX_HTTP_ALL, ARG_SIZE, "size",
                       DIRECTIVE_TABLE_FITS),
    DIRECTIVE_ACCEPTED("proxy_send_lowat", CTX_HTTP_ALL, ARG_SIZE, "size",
                       "Linux has no such limit."),
};

void directives_proxy_socket_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
