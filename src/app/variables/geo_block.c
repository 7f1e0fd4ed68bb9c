/* The value is kept in the variable's slot of the visit, as those of `map` are. */
#include "app/variables/geo_block.h"

#include "app/real_ip.h"
#include "app/visit.h"

/* A variable that holds no address stands for one that nobody has. */
static struct addr source_of(struct visit *v, const struct geo_block *g)
{
    struct addr a = {.len = 0};
    struct slice text;

    if (g->source) {
        text = g->source->get(v, g->source);
        if (!text.p || !addr_literal(text, &a))
            (void)addr_literal(SLICE("255.255.255.255"), &a);
    } else if (v->x->peer) {
        a = *v->x->peer;
    }
    return a;
}

struct slice geo_block_get(struct visit *v, const struct variable *var)
{
    const struct geo_block *g = var->data;
    struct slice *slot = &v->slots[var->slot];
    const struct slice *found;
    struct addr a;

    if (slot->p && !g->is_volatile)
        return *slot;
    a = source_of(v, g);
    if (g->proxies.n)
        real_ip_forwarded_for(v, &g->proxies, g->is_recursive, &a);
    found = addr_table_find(g->table, &a);
    *slot = found ? *found : g->fallback;
    return *slot;
}
