/* "Did you mean": the nearest of some names to one that nobody knows. Names longer than
 * NEAREST_LONGEST are near to none. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/slice.h"

#define NEAREST_LONGEST 64

/* A search. On the stack; borrows the names. */
struct nearest {
    struct slice wanted;
    struct slice found; /* p is NULL while none is near */
    size_t most;        /* changes at which a name is near no more */
    size_t best;
};

/* The insertions, deletions, replacements and swaps of neighbours that turn one name into the
 * other; UINT_MAX when either is longer than NEAREST_LONGEST. Lua calls it, too (perilune.suggest
 * declares the same). */
unsigned nearest_distance(const char *a, size_t a_n, const char *b, size_t b_n);

/* Begins to look for what is near to `wanted`. */
struct nearest nearest_to(struct slice wanted);

/* Looks at a known name. Of two that are equally near, one that is preferred is taken, else the
 * first. */
void nearest_try(struct nearest *n, struct slice known, bool is_preferred);

#endif
