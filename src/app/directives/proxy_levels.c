/* Whose settings a directive of proxy_…, grpc_… or fastcgi_… is about, and those it inherits. */
#include "app/directives/proxy_levels.h"

#include "app/directives/directives.h"
#include "app/proxy/proxy.h"

enum proxy_kind directives_proxy_kind(const struct config_node *node)
{
    struct slice name = slice_str(node->schema->name);

    if (slice_has_prefix(name, SLICE("grpc_")))
        return PROXY_GRPC;
    return slice_has_prefix(name, SLICE("fastcgi_")) ? PROXY_FASTCGI : PROXY_HTTP;
}

struct proxy_conf *directives_proxy_own(struct apply *a, const struct config_node *node)
{
    return proxy_conf_own(a->conf, a->loc, directives_proxy_kind(node));
}

const struct proxy_conf *directives_proxy_above(const struct apply *a,
                                                const struct config_node *node)
{
    return a->loc->parent ? proxy_conf_of(a->loc->parent, directives_proxy_kind(node)) : NULL;
}

bool directives_proxy_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    unsigned *flags = &directives_proxy_own(ctx, node)->flags, bit = (unsigned)node->schema->id;
    bool on;

    if (!config_arg_flag(node, 0, &on, e))
        return false;
    *flags = on ? *flags | bit : *flags & ~bit;
    return true;
}

void directives_proxy_forget_inherited(struct apply *a, const struct config_node *node,
                                       size_t offset)
{
    void *const *inherited, **list = (void **)((char *)directives_proxy_own(a, node) + offset);
    const struct proxy_conf *theirs = directives_proxy_above(a, node);

    if (!theirs)
        return;
    inherited = (void *const *)((const char *)theirs + offset);
    if (*list == *inherited)
        *list = NULL;
}
