/* proxy_*: the connections to servers, and what other servers keep of answers. */
#include "app/directives/directives.h"

#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/rows.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"
#include "base/num.h"

#define GROUP "Proxying"

static bool set_bind(void *ctx, const struct config_node *node, struct config_error *e)
{
    unsigned *flags = &directives_proxy_own(ctx, node)->flags;

    *flags &= ~(unsigned)PROXY_TRANSPARENT;
    if (node->n_args > 1) {
        if (!slice_eq(node->args[1], SLICE("transparent")))
            return config_arg_refuse(node, node->args[1], e);
        *flags |= PROXY_TRANSPARENT;
        ((struct apply *)ctx)->conf->is_transparent = true;
    }
    return directives_local_address(ctx, node, &directives_proxy_own(ctx, node)->bind, e);
}

static bool set_rate(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &directives_proxy_own(ctx, node)->limit_rate,
                             e);
}

static bool set_buffers(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n, size;

    if (!config_arg_size(node, 1, &size, e))
        return false;
    if (!num_parse_u63(node->args[0], &n) || n < 2)
        return config_node_error(node, e, "there must be at least 2 \"%s\"", node->schema->name);
    if (size < 1 || size > INT64_MAX / n)
        return config_node_error(node, e, "invalid value \"%.200s\"", node->args[1].p);
    directives_proxy_own(ctx, node)->buffers = (size_t)(n * size);
    return true;
}

static bool set_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_size(directives_proxy_own(ctx, node), node, e);
}

static bool set_store(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct proxy_conf *c = directives_proxy_own(ctx, node);
    bool is_on = slice_eq(node->args[0], SLICE("on")),
         is_off = slice_eq(node->args[0], SLICE("off"));

    c->store_path = NULL;
    c->flags = is_off ? c->flags & ~(unsigned)PROXY_STORE : c->flags | PROXY_STORE;
    return is_on || is_off || directives_script(ctx, node, node->args[0], &c->store_path, e);
}

static bool set_store_access(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_file_mode(node, &directives_proxy_own(ctx, node)->store_access, e);
}

static bool set_temp_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    directives_proxy_own(ctx, node)->temp_path = directives_temp_path(ctx, node);
    return true;
}

#define NOT_NEEDED(word, kind, args)                                                               \
    DIRECTIVE_ACCEPTED(word, CTX_HTTP_ALL, kind, args, "buffers grow as they have to.")

static const struct directive table[] = {
    {.name = "proxy_bind",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "proxy_bind address [transparent] | off;",
     .doc = "The address, and with it perhaps the port, to connect to servers from; may "
            "hold variables. `off`: any. With `transparent` it may be one that is not this "
            "machine's, as in `proxy_bind $remote_addr transparent`: workers keep the "
            "capability that this takes (CAP_NET_RAW), and the network has to lead the "
            "answers back here.",
     .apply = set_bind},
    DIRECTIVE_FLAG("proxy_socket_keepalive", CTX_HTTP_ALL, "off", PROXY_SOCKET_KEEPALIVE,
                   "SO_KEEPALIVE on connections to servers.", directives_proxy_flag),
    {.name = "proxy_limit_rate",
     .contexts = CTX_HTTP_ALL,
     .flags = DIRECTIVE_VARS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "proxy_limit_rate rate;",
     .default_text = "proxy_limit_rate 0;",
     .doc = "Bytes a second that are read of an answer's body, for each request; 0: no limit. "
            "Measured over pieces of up to 64k. May hold variables.",
     .apply = set_rate},
    {.name = "proxy_buffers",
     .contexts = CTX_HTTP_ALL,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = GROUP,
     .syntax = "proxy_buffers number size;",
     .default_text = "proxy_buffers 8 4k;",
     .doc =
         "How much of an answer that the client does not take yet is read and kept in memory, in "
         "all; more goes to a temporary file. It is read in pieces of up to 64k: without a file, "
         "less than that keeps none.",
     .apply = set_buffers},
    DIRECTIVE_SETTING(
        "proxy_max_temp_file_size", CTX_HTTP_ALL, ARG_SIZE, "size", "1024m",
        offsetof(struct proxy_conf, max_temp_file),
        "How large the temporary file of an answer that the client does not take yet "
        "may be; when it is full, or cannot be written, the server waits for the "
        "client. 0: no file. Answers that are not buffered (`proxy_buffering`) have none.",
        set_size),
    {.name = "proxy_temp_path",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 4,
     .group = GROUP,
     .syntax = "proxy_temp_path path [level1 [level2 [level3]]];",
     .doc = "The folder of those files; that of `client_body_temp_path` by default. They have no "
            "name in it for longer than it takes to open them, so the levels have no effect.",
     .apply = set_temp_path},
    {.name = "proxy_store",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "proxy_store on | off | path;",
     .default_text = "proxy_store off;",
     .doc =
         "Answers with the status 200 become files, as old as their `Last-Modified` says: `on` by "
         "`root` and `alias`, else at the path, which may hold variables and is under the prefix "
         "when it is relative. Folders are made. A file gets its name when it is whole; when the "
         "client goes away the rest is still fetched. One that holds `..` is not written. Where it "
         "is in force there is no `proxy_cache`, and the other way round where a level below says "
         "`proxy_cache`.",
     .apply = set_store},
    {.name = "proxy_store_access",
     .contexts = CTX_HTTP_ALL,
     .min_args = 1,
     .max_args = 3,
     .group = GROUP,
     .syntax = "proxy_store_access user:rw | group:r | all:r …;",
     .default_text = "proxy_store_access user:rw;",
     .doc = "Who may do what to those files; folders can be entered, too, by who may read.",
     .apply = set_store_access},
    NOT_NEEDED("proxy_buffer_size", ARG_SIZE, "size"),
    NOT_NEEDED("proxy_busy_buffers_size", ARG_SIZE, "size"),
    NOT_NEEDED("proxy_temp_file_write_size", ARG_SIZE, "size"),
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
