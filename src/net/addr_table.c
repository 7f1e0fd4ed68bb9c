/* While it is filled, a table is a list of what was said; addr_table_finish makes it an array of
 * disjoint spans in order, which is searched by halves.
 *
 * Spans are kept apart as they come: one that covers others cuts them. Files have them in order, so
 * most are appended. Networks are either disjoint or one inside the other: sorted by their
 * beginning, the larger ones first, a stack of those that are open tells who holds between any two
 * ends. */
#include "net/addr_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

typedef unsigned __int128 address;

enum { WIDTH = 128, V4_BITS = 96 };

struct span {
    address first, last;
    const void *value;
    uint32_t rank; /* when it was said */
    uint8_t bits;  /* of a network */
};

struct addr_table {
    struct span *spans;
    size_t n, room;
    bool has_networks;
};

static void free_spans(void *arg)
{
    mem_free(((struct addr_table *)arg)->spans);
}

struct addr_table *addr_table_new(struct pool *pool)
{
    struct addr_table *t = pool_new(pool, struct addr_table);

    pool_on_reset(pool, free_spans, t);
    return t;
}

static address number_of(const unsigned char *bytes, size_t n)
{
    address a = n == 4 ? 0xffff : 0;

    for (size_t i = 0; i < n; i++)
        a = a << 8 | bytes[i];
    return a;
}

/* The range that holds this address alone is the address. */
static bool read_address(const struct addr *a, address *out)
{
    struct addr_range one;

    if (!addr_range_of(a, &one))
        return false;
    *out = number_of(one.bytes, one.kind == ADDR_RANGE_V4 ? 4 : 16);
    return true;
}

/* Room for one more at `at`. */
static struct span *insert(struct addr_table *t, size_t at)
{
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 16;
        t->spans = mem_realloc(t->spans, t->room * sizeof(*t->spans));
    }
    memmove(t->spans + at + 1, t->spans + at, (t->n - at) * sizeof(*t->spans));
    t->n++;
    return &t->spans[at];
}

static void append(struct addr_table *t, address first, address last, const void *value)
{
    *insert(t, t->n) = (struct span){.first = first, .last = last, .value = value};
}

void addr_table_add_network(struct addr_table *t, const struct addr_range *network,
                            const void *value)
{
    bool is_v4 = network->kind == ADDR_RANGE_V4;
    unsigned bits = network->bits + (is_v4 ? V4_BITS : 0);
    address first = number_of(network->bytes, is_v4 ? 4 : 16), size = 0;

    CHECK(is_v4 || network->kind == ADDR_RANGE_V6);
    if (bits < WIDTH)
        size = ((address)1 << (WIDTH - 1 - bits) << 1) - 1; /* of ::/0 all, which is 0 - 1 */
    append(t, first, first + size, value);
    t->spans[t->n - 1].bits = (uint8_t)bits;
    t->spans[t->n - 1].rank = (uint32_t)t->n;
    t->has_networks = true;
}

/* The first span that ends at `a` or behind it. */
static size_t place_of(const struct addr_table *t, address a)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (t->spans[middle].last < a)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Makes room between `first` and `last`; where they belong. */
static size_t clear(struct addr_table *t, address first, address last)
{
    size_t from = place_of(t, first), to = from;
    struct span *s = &t->spans[from];

    if (from < t->n && s->first < first && s->last > last) { /* it is cut in two */
        struct span rest = {last + 1, s->last, s->value, 0, 0};

        s->last = first - 1;
        *insert(t, from + 1) = rest;
        return from + 1;
    }
    if (from < t->n && s->first < first) {
        s->last = first - 1;
        to = ++from;
    }
    while (to < t->n && t->spans[to].last <= last)
        to++;
    if (to < t->n && t->spans[to].first <= last)
        t->spans[to].first = last + 1;
    if (to > from) {
        memmove(t->spans + from, t->spans + to, (t->n - to) * sizeof(*t->spans));
        t->n -= to - from;
    }
    return from;
}

bool addr_table_add_span(struct addr_table *t, const struct addr *first, const struct addr *last,
                         const void *value)
{
    address from, to;
    size_t at;

    CHECK(!t->has_networks);
    if (first->sa.sa_family != last->sa.sa_family || !read_address(first, &from) ||
        !read_address(last, &to) || from > to)
        return false;
    at = t->n && t->spans[t->n - 1].last >= from ? clear(t, from, to) : t->n;
    if (value)
        *insert(t, at) = (struct span){from, to, value, 0, 0};
    return true;
}

/* Larger networks before those in them, and of the same the later one first. */
static int compare(const void *left, const void *right)
{
    const struct span *a = left, *b = right;

    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return a->rank > b->rank ? -1 : 1;
}

struct sweep {
    struct addr_table out;
    struct span open[WIDTH + 1]; /* each inside the one before it */
    unsigned n;
    address at; /* up to here, `out` is complete */
};

/* What is innermost holds up to `last`. */
static void hold_until(struct sweep *s, address last)
{
    const struct span *inner = &s->open[s->n - 1];
    struct span *before = s->out.n ? &s->out.spans[s->out.n - 1] : NULL;

    if (s->at <= last) {
        if (before && before->value == inner->value && before->last + 1 == s->at)
            before->last = last;
        else
            append(&s->out, s->at, last, inner->value);
    }
    s->at = last + 1;
}

static void close_until(struct sweep *s, address first, bool is_end)
{
    while (s->n && (is_end || s->open[s->n - 1].last < first)) {
        address last = s->open[s->n - 1].last;

        hold_until(s, last);
        s->n--;
        if (s->at == 0) /* that was the end of all addresses */
            s->n = 0;
    }
}

static bool is_same_network(const struct span *a, const struct span *b)
{
    return a->first == b->first && a->bits == b->bits;
}

void addr_table_finish(struct addr_table *t)
{
    struct sweep s = {.n = 0};

    if (!t->has_networks)
        return;
    qsort(t->spans, t->n, sizeof(*t->spans), compare);
    for (size_t i = 0; i < t->n; i++) {
        const struct span *network = &t->spans[i];

        if ((i > 0 && is_same_network(network, network - 1)) || !network->value)
            continue;
        close_until(&s, network->first, false);
        if (s.n && s.at < network->first)
            hold_until(&s, network->first - 1);
        s.at = network->first;
        s.open[s.n++] = *network;
    }
    close_until(&s, 0, true);
    mem_free(t->spans);
    *t = s.out;
}

const void *addr_table_find(const struct addr_table *t, const struct addr *a)
{
    address number;
    size_t at;

    if (!read_address(a, &number))
        return NULL;
    at = place_of(t, number);
    return at < t->n && t->spans[at].first <= number ? t->spans[at].value : NULL;
}
