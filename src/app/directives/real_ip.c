/* Clients behind proxies: set_real_ip_from, real_ip_header, real_ip_recursive. */
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/real_ip.h"

#define GROUP      "Clients behind proxies"
#define CTX_LEVELS (CTX_HTTP_ALL | CTX_STREAM_ALL)

static struct real_ip_conf *own(struct apply *a)
{
    return location_own(a->loc, offsetof(struct location, real_ip), sizeof(struct real_ip_conf),
                        &real_ip_defaults);
}

static void add_range(struct apply *a, const struct addr_range *range)
{
    struct real_ip_conf *c = own(a);
    const struct location *parent = a->loc->parent;

    if (parent && parent->real_ip && c->trust.ranges == parent->real_ip->trust.ranges)
        c->trust = (struct forwarded_trust){NULL, c->room = 0};
    if (directives_is_stream(a))
        c->source = REAL_IP_PROXY_PROTOCOL;
    c->trust.ranges =
        pool_grow(&a->conf->pool, c->trust.ranges, c->trust.n, &c->room, sizeof(*range));
    c->trust.ranges[c->trust.n++] = *range;
}

static bool add_name(struct apply *a, const struct config_node *node, struct config_error *e)
{
    struct addr *all;
    size_t n = directives_addresses(a->conf, node->args[0], &all);
    struct addr_range range;

    for (size_t i = 0; i < n; i++)
        if (addr_range_of(&all[i], &range))
            add_range(a, &range);
    return n > 0 || config_node_error(node, e, "host not found in set_real_ip_from \"%.200s\"",
                                      node->args[0].p);
}

static bool add_trusted(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct addr_range range;

    if (!directives_range(node, node->args[0], &range))
        return add_name(ctx, node, e);
    add_range(ctx, &range);
    return true;
}

static bool set_header(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct real_ip_conf *c = own(ctx);

    UNUSED(e);
    c->field = node->args[0];
    c->source = REAL_IP_FIELD;
    if (slice_eq(c->field, SLICE("proxy_protocol")))
        c->source = REAL_IP_PROXY_PROTOCOL;
    else if (header_id(c->field) == HEADER_X_FORWARDED_FOR)
        c->source = REAL_IP_FORWARDED_FOR;
    return true;
}

static bool set_recursive(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx), node, e);
}

static const struct directive table[] = {
    {.name = "set_real_ip_from",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "set_real_ip_from address | address/bits | unix: | name;",
     .doc = "Proxies with such an address are believed what they tell of the client (a name stands "
            "for the addresses it has when the configuration is read). Its address and port are "
            "then `$remote_addr`, `$remote_port` and `$binary_remote_addr`, and what `allow`, "
            "limits and logs go by; those of the connection are `$realip_remote_addr` and "
            "`$realip_remote_port`. In `stream`, what the PROXY protocol says (`listen … "
            "proxy_protocol`). Inherited when the block has none of its own.",
     .apply = add_trusted},
    DIRECTIVE_SETTING(
        "real_ip_header", CTX_HTTP_ALL, ARG_WORD,
        "field | X-Real-IP | X-Forwarded-For | proxy_protocol", "X-Real-IP", 0,
        "Where the address is. In a list the last one counts; `proxy_protocol` is what "
        "the connection began with.",
        set_header),
    DIRECTIVE_FLAG("real_ip_recursive", CTX_HTTP_ALL, "off",
                   offsetof(struct real_ip_conf, is_recursive),
                   "Goes on to the front of the list as long as the address reached is one that is "
                   "trusted.",
                   set_recursive),
};

void directives_real_ip_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}
