/* proxy_* of stream. TLS towards servers (proxy_ssl_*) is said as in http, see
 * directives/proxy_ssl.c. */
#include "app/directives/relay.h"

#include "app/directives/directives.h"
#include "app/directives/proxy.h"
#include "app/directives/tables.h"
#include "app/proxy/proxy.h"
#include "app/stream/relay.h"
#include "base/num.h"

#define GROUP "Passing sessions on"

static struct relay_conf *own(void *ctx)
{
    return relay_conf_own(((struct apply *)ctx)->conf, ((struct apply *)ctx)->loc);
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(own(ctx), node, e);
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

/* Its settings are where those of http are. */
static bool set_tls(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    (void)proxy_conf_own(a->conf, a->loc, PROXY_HTTP);
    return set_flag(ctx, node, e);
}

static bool set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(own(ctx), node, e);
}

static bool set_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct relay_conf *c = own(ctx);

    if (!directives_put_size(c, node, e))
        return false;
    return c->buffer_size > 0 || config_node_error(node, e, "invalid value \"0\"");
}

static bool set_bind(void *ctx, const struct config_node *node, struct config_error *e)
{
    if (node->n_args > 1)
        return config_node_error(node, e, "\"%s\" of \"proxy_bind\" is not supported",
                                 node->args[1].p);
    return directives_local_address(ctx, node, &own(ctx)->bind, e);
}

static bool set_rate(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct script **rate = (struct script **)((char *)own(ctx) + node->schema->id);
    int64_t n;

    if (!directives_script(ctx, node, node->args[0], rate, e))
        return false;
    return !script_is_constant(*rate) || num_parse_size(node->args[0], &n) ||
           config_node_error(node, e, "\"%s\" directive invalid value", node->name.p);
}

/* A group may stand behind the server that names it: it is looked for when all is read. */
static bool set_pass(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct relay_pass *pass = pool_new(&a->conf->pool, struct relay_pass);
    struct slice target = node->args[0];

    if (!directives_claim(a, SLOT_CONTENT, node, e))
        return false;
    if (!directives_script(a, node, target, &pass->target, e))
        return false;
    location_add_step(a->loc, PHASE_CONTENT, relay_step, pass, node->line);
    return true;
}

static bool resolve(struct app_conf *conf, struct relay_pass *pass, const struct vhost *vh,
                    struct config_error *e)
{
    struct slice target;

    if (!script_is_constant(pass->target))
        return true;
    target = script_constant(pass->target);
    pass->upstream = map_get(&conf->stream_upstreams, target);
    if (pass->upstream)
        return true;
    pass->upstream = upstream_of_one(&conf->pool, target, 0);
    if (!pass->upstream)
        return config_node_error(vh->place, e,
                                 "invalid host or no port in upstream \"" SLICE_FMT "\"",
                                 SLICE_ARG(target));
    upstream_settle(conf, pass->upstream, vh->base, true);
    (void)map_set(&conf->stream_upstreams, pass->upstream->name, pass->upstream);
    return true;
}

/* Lua in handshakes with servers takes handshakes. */
static bool check_tls(struct app_conf *conf, const struct vhost *vh, struct config_error *e)
{
    const struct location *l = vh->base;
    bool has_tls = l->relay && l->relay->has_tls;
    bool has_verify = l->proxy && l->proxy->tls.verify_by_lua;

    if (has_tls && l->proxy)
        return directives_proxy_tls(conf, l->proxy, vh->place, e);
    if (has_tls || !l->proxy || !(has_verify || l->proxy->tls.certificate_by_lua))
        return true;
    return config_node_error(vh->place, e,
                             "proxy_ssl_%s_by_lua* should be used with proxy_ssl directive",
                             has_verify ? "verify" : "certificate");
}

bool directives_relay_resolve(struct app_conf *conf, struct config_error *e)
{
    for (unsigned i = 0; i < conf->n_vhosts; i++) {
        const struct step_list *l = &conf->vhosts[i]->base->steps[PHASE_CONTENT];

        if (l->n != 1 || l->steps[0].run != relay_step)
            continue;
        if (!check_tls(conf, conf->vhosts[i], e) ||
            !resolve(conf, (struct relay_pass *)(uintptr_t)l->steps[0].arg, conf->vhosts[i], e))
            return false;
    }
    return true;
}

#define ROW(text, kind, args, value, member, about, fn)                                            \
    DIRECTIVE_SETTING(text, CTX_STREAM_ALL, kind, args, value,                                     \
                      offsetof(struct relay_conf, member), about, fn)

#define RATE(text, member, about)                                                                  \
    {                                                                                              \
        .name = (text), .contexts = CTX_STREAM_ALL, .min_args = 1, .max_args = 1, .group = GROUP,  \
        .syntax = text " rate;", .default_text = text " 0;", .doc = (about),                       \
        .id = (int)offsetof(struct relay_conf, member), .apply = set_rate                          \
    }

static const struct directive table[] = {
    {.name = "proxy_pass",
     .contexts = CTX_STREAM_SERVER,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "proxy_pass address;",
     .doc = "Passes sessions on to `host:port`, `unix:/path`, or a group of `upstream`; may hold "
            "variables. A host that is a name, without variables, is a group of its addresses. "
            "What both sides send is copied as it comes; the slower one stops the "
            "other.",
     .apply = set_pass},
    ROW("proxy_timeout", ARG_TIME, "time", "10m", timeout,
        "How long nothing may come from either side.", set_time),
    ROW("proxy_connect_timeout", ARG_TIME, "time", "60s", connect_timeout,
        "How long connecting to a server may take, its name and its TLS included.", set_time),
    ROW("proxy_buffer_size", ARG_SIZE, "size", "16k", buffer_size,
        "While a side has that much still to take, no more is read from the other. Up to 64k are "
        "read at once.",
        set_size),
    ROW("proxy_half_close", ARG_FLAG, "on | off", "off", has_half_close,
        "Whether a side that has ended may still be sent to; with `off` the end of one, once what "
        "it sent is out, ends both.",
        set_flag),
    ROW("proxy_next_upstream", ARG_FLAG, "on | off", "on", tries_next,
        "Whether the next server is tried when one cannot be connected to.", set_flag),
    ROW("proxy_next_upstream_tries", ARG_NUMBER, "number", "0", next_tries,
        "How many servers are tried at most; 0: all.", set_number),
    ROW("proxy_next_upstream_timeout", ARG_TIME, "time", "0", next_timeout,
        "For how long the next one is tried; 0: any time.", set_time),
    ROW("proxy_protocol", ARG_FLAG, "on | off", "off", sends_proxy_protocol,
        "Connections to servers begin with a header of the PROXY protocol, version 1.", set_flag),
    ROW("proxy_socket_keepalive", ARG_FLAG, "on | off", "off", has_keepalive,
        "SO_KEEPALIVE on connections to servers.", set_flag),
    ROW("proxy_ssl", ARG_FLAG, "on | off", "off", has_tls,
        "TLS is spoken with servers; see `proxy_ssl_*`.", set_tls),
    ROW("proxy_requests", ARG_NUMBER, "number", "0", requests,
        "Datagrams of a client that make one session: the next one begins another. 0: any number.",
        set_number),
    {.name = "proxy_responses",
     .contexts = CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "proxy_responses number;",
     .doc = "Datagrams that a server answers to each of a client: once they have come the session "
            "is over; with 0 at once. Without it, `proxy_timeout` ends the session.",
     .id = (int)offsetof(struct relay_conf, responses),
     .apply = set_number},
    RATE("proxy_upload_rate", upload,
         "Bytes a second that are read from the client of a connection; may hold "
         "variables. 0: any number."),
    RATE("proxy_download_rate", download,
         "Bytes a second that are read from the server of a connection; may hold "
         "variables. 0: any number."),
    {.name = "proxy_bind",
     .contexts = CTX_STREAM_ALL,
     .min_args = 1,
     .max_args = 2,
     .group = GROUP,
     .syntax = "proxy_bind address | off;",
     .doc = "The address, and with it perhaps the port, to connect from; may hold variables.",
     .apply = set_bind},
};

void directives_relay_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
