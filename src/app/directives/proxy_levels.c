/* Whose settings a directive of proxy_… and its kin is about, and those it inherits. */
#include "app/directives/proxy_levels.h"

#include "app/directives/directives.h"
#include "app/proxy/proxy.h"

enum proxy_kind directives_proxy_kind(const struct config_node *node)
{
    struct slice name = slice_str(node->schema->name), first = slice_cut(&name, '_');

    for (int kind = 0; kind < PROXY_KINDS; kind++)
        if (slice_eq(first, slice_str(proxy_conf_word(kind))))
            return kind;
    return PROXY_HTTP; /* lua_upstream_… */
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

struct proxy_field *directives_proxy_add(struct apply *a, const struct config_node *node,
                                         size_t offset, struct slice name)
{
    struct proxy_field **at, *f = pool_new(&a->conf->pool, struct proxy_field);

    directives_proxy_forget_inherited(a, node, offset);
    at = (struct proxy_field **)((char *)directives_proxy_own(a, node) + offset);
    while (*at)
        at = &(*at)->next;
    f->name = name;
    *at = f;
    return f;
}

bool directives_proxy_name(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    (void)directives_proxy_add(ctx, node, (size_t)node->schema->id, node->args[0]);
    return true;
}
