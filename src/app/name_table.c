/* A wildcard stands for at least one byte. It is found by trying the name from each of its dots on,
 * the longest piece first. */
#include "app/name_table.h"

static void free_maps(void *arg)
{
    struct name_table *t = arg;

    map_deinit(&t->exact);
    map_deinit(&t->heads);
    map_deinit(&t->tails);
}

void name_table_init(struct name_table *t, struct pool *pool, bool ignore_case)
{
    map_init(&t->exact, ignore_case);
    map_init(&t->heads, ignore_case);
    map_init(&t->tails, ignore_case);
    pool_on_reset(pool, free_maps, t);
}

bool name_table_add(struct name_table *t, struct slice name, void *value)
{
    if (slice_has_prefix(name, SLICE("*.")))
        return !map_set(&t->heads, slice_from(name, 1), value);
    if (name.n > 0 && name.p[0] == '.')
        return !map_set(&t->heads, name, value) && !map_set(&t->exact, slice_from(name, 1), value);
    if (slice_has_suffix(name, SLICE(".*")))
        return !map_set(&t->tails, slice_of(name.p, name.n - 1), value);
    return !map_set(&t->exact, name, value);
}

static void *find_head(const struct name_table *t, struct slice name)
{
    void *found = NULL;

    for (size_t i = 1; i < name.n && !found; i++)
        if (name.p[i] == '.')
            found = map_get(&t->heads, slice_from(name, i));
    return found;
}

static void *find_tail(const struct name_table *t, struct slice name)
{
    void *found = NULL;

    for (size_t i = name.n; i > 1 && !found; i--)
        if (name.p[i - 2] == '.')
            found = map_get(&t->tails, slice_of(name.p, i - 1));
    return found;
}

void *name_table_find(const struct name_table *t, struct slice name)
{
    void *found = map_get(&t->exact, name);

    if (!found && t->heads.used > 0)
        found = find_head(t, name);
    if (!found && t->tails.used > 0)
        found = find_tail(t, name);
    return found;
}
