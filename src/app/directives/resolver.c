/* Name servers for whatever connects. */
#include "app/directives/directives.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/directives/tables.h"
#include "app/location_resolver.h"
#include "base/num.h"

#define GROUP      "Names"
#define CTX_LEVELS (CTX_HTTP_ALL | CTX_STREAM_ALL)

static bool set_valid(struct location_resolver *r, const struct config_node *node,
                      struct slice value, struct config_error *e)
{
    int64_t ms;

    if (!num_parse_msec(value, &ms) || ms < 1000)
        return config_node_error(node, e, "invalid parameter: valid=" SLICE_FMT, SLICE_ARG(value));
    r->valid = (uint64_t)ms / 1000;
    return true;
}

static bool set_family(bool *out, const struct config_node *node, struct slice word,
                       struct config_error *e)
{
    struct slice value = slice_from(word, 5);

    *out = slice_eq(value, SLICE("on"));
    if (*out || slice_eq(value, SLICE("off")))
        return true;
    return config_node_error(node, e, "invalid parameter: " SLICE_FMT, SLICE_ARG(word));
}

static bool add_server(struct buf *servers, const struct config_node *node, struct slice word,
                       struct config_error *e)
{
    struct addr a;

    if (addr_parse(word, 53, &a) || addr_is_unix(&a))
        return config_node_error(node, e,
                                 "\"" SLICE_FMT "\" in \"resolver\" directive is not an IP "
                                 "address with or without a port",
                                 SLICE_ARG(word));
    if (servers->n)
        buf_add_char(servers, ',');
    addr_format(&a, servers);
    return true;
}

/* The system's own name servers, or those of another file in the format of /etc/resolv.conf. */
static bool set_local(struct apply *a, struct location_resolver *r, const struct config_node *node,
                      struct slice value, struct config_error *e)
{
    if (slice_eq(value, SLICE("on")))
        return true;
    r->resolv_conf = pool_strdup(&a->conf->pool, value);
    return access(r->resolv_conf, R_OK) == 0 ||
           config_node_error(node, e, "\"%s\" cannot be read (%d: %s)", r->resolv_conf, errno,
                             strerror(errno));
}

static bool read_word(struct location_resolver *r, struct buf *servers,
                      const struct config_node *node, struct slice word, struct config_error *e)
{
    bool has_ipv4 = true;

    if (slice_has_prefix(word, SLICE("valid=")))
        return set_valid(r, node, slice_from(word, 6), e);
    if (slice_has_prefix(word, SLICE("ipv6=")))
        return set_family(&r->has_ipv6, node, word, e);
    if (slice_has_prefix(word, SLICE("ipv4="))) {
        if (!set_family(&has_ipv4, node, word, e))
            return false;
        return has_ipv4 || config_node_error(node, e, "\"ipv4=off\" is not supported");
    }
    return add_server(servers, node, word, e);
}

bool directives_set_resolver(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct location_resolver *r = location_resolver_new(a->conf);
    struct buf servers = BUF_EMPTY;
    bool ok = true, is_local = false;

    for (size_t i = 0; ok && i < node->n_args; i++) {
        struct slice word = node->args[i];

        if (slice_has_prefix(word, SLICE("local="))) {
            is_local = !slice_eq(word, SLICE("local=off"));
            ok = !is_local || set_local(a, r, node, slice_from(word, 6), e);
        } else {
            ok = read_word(r, &servers, node, word, e);
        }
    }
    if (ok && is_local && servers.n)
        ok = config_node_error(node, e, "name servers beside \"local=\" in \"resolver\" directive");
    if (ok && !is_local && servers.n == 0)
        ok = config_node_error(node, e, "no name servers in \"resolver\" directive");
    if (ok && servers.n)
        r->servers = pool_strdup(&a->conf->pool, buf_slice(&servers));
    buf_free(&servers);
    a->loc->resolver = r;
    return ok;
}

static const struct directive table[] = {
    {.name = "resolver",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .kinds = {ARG_WORD},
     .group = GROUP,
     .syntax = "resolver address[:port] … | local=on|file [valid=time] [ipv6=on|off];",
     .doc = "Name servers for names that are looked up for a request, asked in order: by the HTTP "
            "client, by sockets and by perilune.dns. Answers are kept for as long as they say, or "
            "for `valid`. With `ipv6=off` nobody is asked for IPv6 addresses. Search domains are "
            "not tried. `local=on` means the name servers of `/etc/resolv.conf`, `local=file` "
            "those of another file in its format. What the http level says also holds for code "
            "outside of requests. Without it, those of `/etc/resolv.conf`.",
     .apply = directives_set_resolver},
    {.name = "resolver_timeout",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_TIME},
     .id = offsetof(struct location, resolver_timeout),
     .group = GROUP,
     .syntax = "resolver_timeout time;",
     .default_text = "resolver_timeout 30s;",
     .doc = "How long looking a name up may take, with all tries and all servers of `resolver`.",
     .apply = directives_set_time},
};

void directives_resolver_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
