/* A radix tree whose edges carry strings. Built once, only read then, so nodes lie in arrays beside
 * their siblings and nothing is ever removed. A node is chosen by the first byte of its label,
 * which the parent keeps in one short string. */
#include "app/location_tree.h"

static size_t shared_length(struct slice a, struct slice b)
{
    size_t n = MIN(a.n, b.n), i = 0;

    while (i < n && a.p[i] == b.p[i])
        i++;
    return i;
}

static struct location_tree_node *child_for(const struct location_tree_node *node, char first)
{
    for (unsigned i = 0; i < node->n; i++) {
        if (node->firsts[i] == first)
            return &node->children[i];
    }
    return NULL;
}

static struct location_tree_node *add_child(struct location_tree_node *node, struct pool *pool,
                                            struct slice label)
{
    struct location_tree_node *children = pool_zalloc(pool, (node->n + 1) * sizeof(*children));
    char *firsts = pool_alloc(pool, node->n + 1);

    if (node->n > 0) {
        memcpy(children, node->children, node->n * sizeof(*children));
        memcpy(firsts, node->firsts, node->n);
    }
    firsts[node->n] = label.p[0];
    children[node->n].label = label;
    node->children = children;
    node->firsts = firsts;
    return &node->children[node->n++];
}

/* The node keeps the first `n` bytes of its label; what it held goes to a child with the rest. */
static void split(struct location_tree_node *node, struct pool *pool, size_t n)
{
    struct location_tree_node lower = *node;

    lower.label = slice_from(node->label, n);
    *node = (struct location_tree_node){.label = slice_of(node->label.p, n)};
    *add_child(node, pool, lower.label) = lower;
}

bool location_tree_add(struct location_tree *t, struct pool *pool, const struct location *l)
{
    struct location_tree_node *node = &t->root, *child;
    struct slice rest = l->name;
    const struct location **place;

    while (rest.n > 0) {
        size_t n;

        child = child_for(node, rest.p[0]);
        if (!child)
            child = add_child(node, pool, rest);
        n = shared_length(child->label, rest);
        if (n < child->label.n)
            split(child, pool, n);
        rest = slice_from(rest, n);
        node = child;
    }
    place = l->kind == LOCATION_EXACT ? &node->exact : &node->prefix;
    if (*place)
        return false;
    *place = l;
    return true;
}

const struct location *location_tree_find(const struct location_tree *t, struct slice path)
{
    const struct location_tree_node *node = &t->root;
    const struct location *best = node->prefix;

    while (path.n > 0) {
        node = child_for(node, path.p[0]);
        if (!node || !slice_has_prefix(path, node->label))
            return best;
        path = slice_from(path, node->label.n);
        if (node->prefix)
            best = node->prefix;
    }
    return node->exact ? node->exact : best;
}
