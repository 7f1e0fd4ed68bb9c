/* Exact and prefix locations of one level as a compact trie: one walk along the path finds both. */
#ifndef APP_LOCATION_TREE_H
#define APP_LOCATION_TREE_H

#include "app/location.h"
#include "base/pool.h"

struct location_tree_node {
    struct slice label;            /* what the path must go on with */
    const struct location *exact;  /* for a path that ends here */
    const struct location *prefix; /* for any path that comes by */
    unsigned n;
    char *firsts; /* first byte of each child's label */
    struct location_tree_node *children;
};

struct location_tree {
    struct location_tree_node root; /* cleared: empty */
};

/* Adds `l` by its kind and name; memory comes from `pool`. False when one of that name is there
 * already. */
bool location_tree_add(struct location_tree *t, struct pool *pool, const struct location *l);

/* The exact location for `path`, or the one with the longest prefix, or NULL. */
const struct location *location_tree_find(const struct location_tree *t, struct slice path);

#endif
