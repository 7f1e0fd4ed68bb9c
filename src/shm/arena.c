/* Segregated lists with boundary tags: taking and giving cost a handful of words whatever the
 * arena's size, neighbours that are free melt together at once.
 *
 * A block is a whole number of units, two at least. Its first 4 bytes tell its size and whether it,
 * and the one before it, are in use. A free block holds its neighbours in the list of its bin
 * there, and its size once more in its last 4 bytes, where the block behind it finds it:
 *
 *     used:  head | data ...
 *     free:  head | next | prev | ... | units
 *
 * Sizes up to ARENA_SMALL units have a bin each, larger ones ARENA_STEPS bins for each doubling. A
 * search takes the first block of the first bin whose blocks are all large enough; only when there
 * is none, it looks at some blocks in the bin of the very size. */
#include "shm/arena.h"

#include "base/check.h"

enum { USED = 1, PREV_FREE = 2, SHIFT = 2, LEAST = 2, LOOKS = 64 };

struct block {
    uint32_t head;
    uint32_t next, prev; /* of a free one */
};

static struct block *at(const struct arena *a, uint32_t b)
{
    return arena_at(a, b);
}

static uint32_t units_of(const struct block *b)
{
    return b->head >> SHIFT;
}

static uint32_t *tail(const struct arena *a, uint32_t b, uint32_t units)
{
    return (uint32_t *)arena_at(a, b + units) - 1;
}

static unsigned bin_of(uint32_t units)
{
    unsigned top, step;

    if (units < ARENA_SMALL)
        return units;
    top = 31 - (unsigned)__builtin_clz(units); /* >= 6 */
    step = (units >> (top - 3)) & (ARENA_STEPS - 1);
    return ARENA_SMALL + (top - 6) * ARENA_STEPS + step;
}

static void set_head(struct arena *a, uint32_t b, uint32_t units, uint32_t flags)
{
    journal_set32(&a->journal, &at(a, b)->head, units << SHIFT | flags);
}

static void link_free(struct arena *a, uint32_t b, uint32_t units)
{
    struct journal *j = &a->journal;
    unsigned bin = bin_of(units);
    uint32_t first = a->bins[bin];

    set_head(a, b, units, 0);
    at(a, b)->next = first; /* the same word as the head */
    journal_set32(j, &at(a, b)->prev, 0);
    journal_set32(j, tail(a, b, units), units);
    if (first)
        journal_set32(j, &at(a, first)->prev, b);
    else
        journal_set64(j, &a->map[bin / 64], a->map[bin / 64] | 1ull << bin % 64);
    journal_set32(j, &a->bins[bin], b);
}

static void unlink_free(struct arena *a, uint32_t b)
{
    struct journal *j = &a->journal;
    const struct block *block = at(a, b);
    unsigned bin = bin_of(units_of(block));

    if (block->next)
        journal_set32(j, &at(a, block->next)->prev, block->prev);
    if (block->prev)
        journal_set32(j, &at(a, block->prev)->next, block->next);
    else
        journal_set32(j, &a->bins[bin], block->next);
    if (!a->bins[bin])
        journal_set64(j, &a->map[bin / 64], a->map[bin / 64] & ~(1ull << bin % 64));
}

void arena_init(struct arena *a, size_t header, size_t size)
{
    uint32_t first = (uint32_t)((header + ARENA_UNIT - 1) / ARENA_UNIT);
    uint32_t end = (uint32_t)(size / ARENA_UNIT) - 1, units = end - first;

    CHECK(size / ARENA_UNIT < UINT32_MAX >> SHIFT && end > first + LEAST);
    a->units = (uint32_t)(size / ARENA_UNIT);
    a->free_units = units;
    link_free(a, first, units);
    *(uint32_t *)arena_at(a, end) = 1 << SHIFT | USED | PREV_FREE; /* never free */
    journal_commit(&a->journal);
}

/* The first bin from `bin` on that holds anything; ARENA_BINS: none. */
static unsigned next_bin(const struct arena *a, unsigned bin)
{
    unsigned i = bin / 64;
    uint64_t bits;

    if (bin >= ARENA_BINS)
        return ARENA_BINS;
    bits = a->map[i] & ~0ull << bin % 64;
    while (!bits && ++i < ARRAY_LEN(a->map))
        bits = a->map[i];
    return bits ? i * 64 + (unsigned)__builtin_ctzll(bits) : ARENA_BINS;
}

static uint32_t search(const struct arena *a, uint32_t units)
{
    unsigned bin = bin_of(units), found = next_bin(a, units < ARENA_SMALL ? bin : bin + 1);

    if (found < ARENA_BINS)
        return a->bins[found];
    found = 0;
    for (uint32_t b = a->bins[bin]; b && found++ < LOOKS; b = at(a, b)->next)
        if (units_of(at(a, b)) >= units)
            return b;
    return 0;
}

/* The end of a block that is larger than was asked for becomes a free block. */
static uint32_t split(struct arena *a, uint32_t b, uint32_t units)
{
    uint32_t all = units_of(at(a, b)), rest = all - units;

    if (rest < LEAST)
        return all;
    link_free(a, b + units, rest);
    return units;
}

uint32_t arena_alloc(struct arena *a, size_t size)
{
    struct journal *j = &a->journal;
    size_t wanted = MAX((size + ARENA_UNIT - 1) / ARENA_UNIT, (size_t)LEAST);
    uint32_t b, all, units;

    if (wanted >= a->units)
        return 0;
    b = search(a, (uint32_t)wanted);
    if (!b)
        return 0;
    unlink_free(a, b);
    all = units_of(at(a, b));
    units = split(a, b, (uint32_t)wanted);
    /* what the caller writes over: the links, and the size at the end */
    journal_note(j, &at(a, b)->prev);
    journal_note(j, tail(a, b, units));
    if (units == all)
        journal_set32(j, &at(a, b + all)->head, at(a, b + all)->head & ~(uint32_t)PREV_FREE);
    set_head(a, b, units, USED);
    journal_set32(j, &a->free_units, a->free_units - units);
    return b;
}

void arena_free(struct arena *a, uint32_t b)
{
    struct journal *j = &a->journal;
    uint32_t head = at(a, b)->head, units = head >> SHIFT, behind = b + units;
    uint32_t head_behind = at(a, behind)->head;

    CHECK(head & USED);
    journal_set32(j, &a->free_units, a->free_units + units);
    if (!(head_behind & USED)) {
        unlink_free(a, behind);
        units += head_behind >> SHIFT;
        behind = b + units;
        head_behind = at(a, behind)->head;
    }
    if (head & PREV_FREE) {
        uint32_t before = *((uint32_t *)arena_at(a, b) - 1);

        b -= before;
        units += before;
        unlink_free(a, b);
    }
    link_free(a, b, units);
    journal_set32(j, &at(a, behind)->head, head_behind | PREV_FREE);
}

size_t arena_size(const struct arena *a, uint32_t block)
{
    return (size_t)units_of(at(a, block)) * ARENA_UNIT;
}

size_t arena_free_in(const struct arena *a, uint32_t piece)
{
    size_t n = 0;

    for (unsigned bin = next_bin(a, bin_of(piece)); bin < ARENA_BINS; bin = next_bin(a, bin + 1))
        for (uint32_t b = a->bins[bin]; b; b = at(a, b)->next)
            n += units_of(at(a, b)) / piece;
    return n * piece * ARENA_UNIT;
}

static uint32_t count_listed(const struct arena *a)
{
    uint32_t n = 0;

    for (unsigned bin = 0; bin < ARENA_BINS; bin++) {
        uint32_t prev = 0;

        if (!(a->map[bin / 64] >> bin % 64 & 1) != !a->bins[bin])
            return UINT32_MAX;
        for (uint32_t b = a->bins[bin]; b; prev = b, b = at(a, b)->next, n++)
            if (at(a, b)->head & USED || at(a, b)->prev != prev ||
                bin_of(units_of(at(a, b))) != bin)
                return UINT32_MAX;
    }
    return n;
}

bool arena_check(const struct arena *a, uint32_t first, void (*fn)(void *user, uint32_t block),
                 void *user)
{
    uint32_t end = a->units - 1, n_free = 0, free_units = 0;
    bool is_prev_free = false;

    while (first < end) {
        const struct block *b = at(a, first);
        uint32_t units = units_of(b);
        bool is_free = !(b->head & USED);

        if (units < LEAST || units > end - first || is_prev_free != !!(b->head & PREV_FREE) ||
            (is_free && (is_prev_free || *tail(a, first, units) != units)))
            return false;
        if (is_free) {
            n_free++;
            free_units += units;
        } else if (fn) {
            fn(user, first);
        }
        is_prev_free = is_free;
        first += units;
    }
    return first == end && free_units == a->free_units && count_listed(a) == n_free;
}
