/* Names are compared by the changes of single letters that turn one into the other; a third of the
 * letters may differ, three at most. Nothing is near to a name of one letter. */
#include "base/nearest.h"

#include <limits.h>

unsigned nearest_distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    unsigned rows[3][NEAREST_LONGEST + 1];

    if (a_n > NEAREST_LONGEST || b_n > NEAREST_LONGEST)
        return UINT_MAX;
    for (size_t j = 0; j <= b_n; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_n; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = MIN(best, MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, higher[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[a_n % 3][b_n];
}

struct nearest nearest_to(struct slice wanted)
{
    struct nearest n = {.wanted = wanted, .most = MIN((size_t)3, wanted.n / 3 + 1)};

    if (wanted.n == 1)
        n.most = 0;
    n.best = 2 * n.most + 2; /* distances count twice: being preferred breaks a tie */
    return n;
}

void nearest_try(struct nearest *n, struct slice known, bool is_preferred)
{
    size_t cost;

    if (known.n > n->wanted.n + n->most || n->wanted.n > known.n + n->most)
        return;
    cost = nearest_distance(n->wanted.p, n->wanted.n, known.p, known.n);
    if (cost > n->most)
        return;
    cost = 2 * cost + !is_preferred;
    if (cost < n->best) {
        n->best = cost;
        n->found = known;
    }
}
