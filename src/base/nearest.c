/* Names are compared by the changes of single letters that turn one into the other; a third of the
 * letters may differ, three at most. */
#include "base/nearest.h"

/* Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (both within
 * NEAREST_LONGEST). */
static size_t edit_distance(struct slice a, struct slice b)
{
    size_t rows[3][NEAREST_LONGEST + 1];

    for (size_t j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            best = MIN(best, MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                best = MIN(best, higher[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

struct nearest nearest_to(struct slice wanted)
{
    struct nearest n = {.wanted = wanted, .most = MIN((size_t)3, wanted.n / 3 + 1)};

    n.best = 2 * n.most + 2; /* distances count twice: being preferred breaks a tie */
    return n;
}

void nearest_try(struct nearest *n, struct slice known, bool is_preferred)
{
    size_t cost;

    if (n->wanted.n > NEAREST_LONGEST || known.n > NEAREST_LONGEST ||
        known.n > n->wanted.n + n->most || n->wanted.n > known.n + n->most)
        return;
    cost = edit_distance(n->wanted, known);
    if (cost > n->most)
        return;
    cost = 2 * cost + !is_preferred;
    if (cost < n->best) {
        n->best = cost;
        n->found = known;
    }
}
