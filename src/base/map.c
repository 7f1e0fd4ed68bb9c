/* A hash table with open addressing and linear probing, at most three quarters full. Removing moves
 * later entries of the same run down, so that no run has a gap.
 *
 * A slot is taken when its value is not NULL. Each entry keeps its hash, so that a probe compares
 * bytes only when they are almost certainly equal, and growing hashes nothing again. Keys are
 * terminated copies.
 *
 * map_hash folds 16 bytes at a time by 64 x 64 -> 128 bit products with secret operands: an
 * attacker who chooses keys cannot choose collisions. The secrets are drawn before main(), so that
 * a process and all the workers it forks agree on every hash and tables in shared memory may use
 * it. */
#include "base/map.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/mix.h"
#include "base/rand.h"

enum { SLOTS_LEAST = 8 };

#define EACH_BYTE(v) (0x0101010101010101u * (uint64_t)(v))

static uint64_t secret[4]; /* process-wide: seeds of map_hash, constant after start */

__attribute__((constructor)) static void draw_secret(void)
{
    rand_bytes(secret, sizeof(secret));
}

/* ASCII capitals of eight bytes at once: a byte is one when adding carries into its top bit from
 * 'A' on, but not yet from behind 'Z'. */
static inline uint64_t fold(uint64_t x)
{
    uint64_t low = x & EACH_BYTE(0x7f);
    uint64_t from_a = low + EACH_BYTE(0x80 - 'A');
    uint64_t past_z = low + EACH_BYTE(0x7f - 'Z');
    uint64_t capital = (from_a ^ past_z) & ~x & EACH_BYTE(0x80);

    return x | capital >> 2;
}

static inline uint64_t load8(const char *p, bool ignore_case)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return ignore_case ? fold(v) : v;
}

static inline uint64_t load4(const char *p, bool ignore_case)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return ignore_case ? fold(v) : v;
}

/* One to three bytes: first, middle and last cover them all. */
static inline uint64_t load_few(const char *p, size_t n, bool ignore_case)
{
    uint64_t v = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n >> 1] << 8 |
                 (unsigned char)p[n - 1];

    return ignore_case ? fold(v) : v;
}

static inline __attribute__((always_inline)) uint64_t hash(struct slice key, bool ignore_case)
{
    const char *p = key.p;
    size_t n = key.n;
    uint64_t h = secret[0], a = 0, b = 0;

    for (; n > 16; p += 16, n -= 16)
        h = mix(load8(p, ignore_case) ^ secret[1], load8(p + 8, ignore_case) ^ h);
    if (n >= 8) {
        a = load8(p, ignore_case);
        b = load8(p + n - 8, ignore_case);
    } else if (n >= 4) {
        a = load4(p, ignore_case);
        b = load4(p + n - 4, ignore_case);
    } else if (n > 0) {
        a = load_few(p, n, ignore_case);
    }
    h = mix(a ^ secret[2], b ^ h);
    return mix(h ^ secret[3], (uint64_t)key.n ^ secret[1]);
}

uint64_t map_hash(struct slice key, bool ignore_case)
{
    return ignore_case ? hash(key, true) : hash(key, false);
}

void map_init(struct map *m, bool ignore_case)
{
    *m = (struct map){.ignore_case = ignore_case};
}

void map_deinit(struct map *m)
{
    for (size_t i = 0; i < m->size; i++) {
        if (m->entries[i].value)
            mem_free((char *)(uintptr_t)m->entries[i].key.p);
    }
    mem_free(m->entries);
    map_init(m, m->ignore_case);
}

static inline bool is_same(const struct map *m, const struct map_entry *e, struct slice key)
{
    return m->ignore_case ? slice_ieq(e->key, key) : slice_eq(e->key, key);
}

/* The slot that holds `key`, or the free one where it belongs. The table has a free slot. */
static struct map_entry *find(const struct map *m, struct slice key, uint64_t h)
{
    size_t mask = m->size - 1;

    for (size_t i = h & mask;; i = (i + 1) & mask) {
        struct map_entry *e = &m->entries[i];

        if (!e->value || (e->hash == h && is_same(m, e, key)))
            return e;
    }
}

static void grow(struct map *m)
{
    struct map_entry *old = m->entries;
    size_t count = m->size;

    m->size = count > 0 ? count * 2 : SLOTS_LEAST;
    CHECK(m->size <= SIZE_MAX / sizeof(*old));
    m->entries = mem_zalloc(m->size * sizeof(*old));
    for (size_t i = 0; i < count; i++) {
        size_t at = old[i].hash & (m->size - 1);

        if (!old[i].value)
            continue;
        while (m->entries[at].value)
            at = (at + 1) & (m->size - 1);
        m->entries[at] = old[i];
    }
    mem_free(old);
}

void *map_get(const struct map *m, struct slice key)
{
    if (m->used == 0)
        return NULL;
    return find(m, key, map_hash(key, m->ignore_case))->value;
}

void *map_set(struct map *m, struct slice key, void *value)
{
    uint64_t h = map_hash(key, m->ignore_case);
    struct map_entry *e;
    void *before;

    CHECK(value);
    if ((m->used + 1) * 4 > m->size * 3)
        grow(m);
    e = find(m, key, h);
    before = e->value;
    if (!before) {
        e->key = slice_of(mem_strdup(key), key.n);
        e->hash = h;
        m->used++;
    }
    e->value = value;
    return before;
}

/* May the entry at `from` stand at the free slot `to` before it: is that at or behind its home? */
static bool may_move(const struct map *m, size_t from, size_t to)
{
    size_t mask = m->size - 1, home = m->entries[from].hash & mask;

    return ((from - home) & mask) >= ((from - to) & mask);
}

void *map_remove(struct map *m, struct slice key)
{
    size_t mask = m->size - 1, gap;
    struct map_entry *e;
    void *before;

    if (m->used == 0)
        return NULL;
    e = find(m, key, map_hash(key, m->ignore_case));
    before = e->value;
    if (!before)
        return NULL;
    mem_free((char *)(uintptr_t)e->key.p);
    gap = (size_t)(e - m->entries);
    for (size_t i = (gap + 1) & mask; m->entries[i].value; i = (i + 1) & mask) {
        if (may_move(m, i, gap)) {
            m->entries[gap] = m->entries[i];
            gap = i;
        }
    }
    m->entries[gap] = (struct map_entry){.value = NULL};
    m->used--;
    return before;
}

struct map_entry *map_next(const struct map *m, size_t *at)
{
    while (*at < m->size) {
        struct map_entry *e = &m->entries[(*at)++];

        if (e->value)
            return e;
    }
    return NULL;
}
