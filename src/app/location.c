/* Making locations: a child is a copy of its parent that marks what it has not said itself.
 *
 * There is no merging later, so a parent must be complete when its children are made. Lists are
 * shared with the parent until the child adds something of its own, which starts a list anew. */
#include "app/location.h"

#include "app/conf.h"

static void forget_own_content(struct location *l)
{
    l->steps[PHASE_PRECONTENT] = (struct step_list){.is_inherited = true};
    l->steps[PHASE_CONTENT] = (struct step_list){.is_inherited = true};
    l->without_slash = NULL;
    l->try_files = NULL;
}

struct location *location_new_child(const struct location *parent, enum location_kind kind,
                                    struct slice name)
{
    struct location *l = pool_alloc(&parent->conf->pool, sizeof(*l));

    *l = *parent;
    l->kind = kind;
    l->name = pool_dup(&parent->conf->pool, name);
    l->parent = parent;
    l->regex = NULL;
    l->file = NULL;
    l->line = 0;
    l->children = NULL;
    l->n_children = l->children_size = 0;
    l->router = NULL;
    for (int i = 0; i < PHASE_COUNT; i++)
        l->steps[i].is_inherited = true;
    l->is_access_log_inherited = l->are_headers_inherited = l->are_trailers_inherited = true;
    l->are_error_pages_inherited = l->is_types_inherited = true;
    if (kind != LOCATION_IF) {
        l->except = NULL;
        forget_own_content(l);
    }
    return l;
}

static void **settings_of(const struct location *l, size_t offset)
{
    return (void **)(uintptr_t)((const char *)l + offset);
}

void *location_own(struct location *l, size_t offset, size_t size, const void *defaults)
{
    void **own = settings_of(l, offset), *inherited = NULL;

    if (l->parent)
        inherited = *settings_of(l->parent, offset);
    if (!*own || *own == inherited) {
        *own = pool_alloc(&l->conf->pool, size);
        memcpy(*own, inherited ? inherited : defaults, size);
    }
    return *own;
}

void location_add_step(struct location *l, enum phase phase, step_fn run, const void *arg,
                       unsigned line)
{
    struct step_list *list = &l->steps[phase];

    if (list->is_inherited)
        *list = (struct step_list){.steps = NULL};
    list->steps =
        pool_grow(&l->conf->pool, list->steps, list->n, &list->size, sizeof(*list->steps));
    list->steps[list->n++] = (struct step){.run = run, .arg = arg, .line = line};
}

void location_put_step(struct location *l, enum phase phase, bool is_first, step_fn run,
                       const void *arg)
{
    struct step_list *list = &l->steps[phase];
    struct step *steps = pool_alloc(&l->conf->pool, (list->n + 1) * sizeof(*steps));

    if (list->n > 0)
        memcpy(steps + is_first, list->steps, list->n * sizeof(*steps));
    steps[is_first ? 0 : list->n] = (struct step){.run = run, .arg = arg};
    *list = (struct step_list){.steps = steps, .n = list->n + 1, .size = list->n + 1};
}

void location_add_child(struct location *parent, struct location *child)
{
    parent->children = pool_grow(&parent->conf->pool, parent->children, parent->n_children,
                                 &parent->children_size, sizeof(struct location *));
    parent->children[parent->n_children++] = child;
}
