/* A dictionary is cut into shards by the hash of the key: each has its own lock and memory, so that
 * workers seldom meet. A shard has SHARD_LEAST bytes or more, so that large values find room; small
 * dictionaries are one shard, and what is evicted then is exactly the least recently used.
 *
 * A value that fits into the old one's block is written over it, word by word noted in the journal;
 * larger ones take a new block first and free the old one after it. */
#include "shm/dict.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "shm/shard.h"

enum {
    SHARD_LEAST = 2 << 20,
    SHARDS_MOST = 64,
    SPOT_MOST = JOURNAL_BYTES,
    PAGE_UNITS = 4096 / ARENA_UNIT
};

static const uint64_t MAGIC = 0x31746369642d6d73; /* of a formatted zone */

static void format(struct dict *d)
{
    struct dict_head *head = d->head;
    size_t size = d->zone->size - sizeof(*head);

    head->seed = rand_u64();
    head->n_shards = 1;
    while (head->n_shards < SHARDS_MOST && size / (head->n_shards * 2) >= SHARD_LEAST)
        head->n_shards *= 2;
    head->shard_size = size / head->n_shards & ~(uint64_t)63;
    for (uint32_t i = 0; i < head->n_shards; i++)
        shard_init(shard_at(d, i), head->shard_size);
    head->magic = MAGIC;
}

struct dict *dict_open(struct zone *z)
{
    struct dict *d = mem_new(struct dict);

    CHECK(z->size >= DICT_ZONE_LEAST && z->size <= DICT_ZONE_MOST);
    d->zone = zone_hold(z);
    d->head = (struct dict_head *)z->memory;
    if (d->head->magic != MAGIC)
        format(d);
    return d;
}

struct dict *dict_reopen(const struct dict *d)
{
    return dict_open(d->zone);
}

void dict_close(struct dict **dp)
{
    struct dict *d = *dp;

    *dp = NULL;
    if (!d)
        return;
    zone_release(&d->zone);
    mem_free(d->copy);
    mem_free(d);
}

/* Where it lies. */
static enum dict_result look_at(struct entry *e, int64_t now, struct dict_item *out)
{
    const char *value = shard_value(e);

    if (e->type == DICT_LIST)
        return DICT_WRONG_TYPE;
    out->type = e->type;
    out->flags = e->flags;
    out->ttl = e->expires ? e->expires - now : 0;
    out->is_stale = shard_is_expired(e, now);
    if (e->type == DICT_NUMBER)
        memcpy(&out->number, value, sizeof(out->number));
    else if (e->type == DICT_BOOLEAN)
        out->number = *value;
    out->p = value;
    out->n = e->value_n;
    return DICT_OK;
}

static enum dict_result hand_out(struct dict *d, struct entry *e, int64_t now,
                                 struct dict_item *out)
{
    enum dict_result r = look_at(e, now, out);

    if (r == DICT_OK && e->type != DICT_NUMBER && e->type != DICT_BOOLEAN)
        shard_copy(d, out->p, out->n, out);
    return r;
}

static enum dict_result look_up(struct dict *d, struct slice key, struct dict_item *out,
                                bool takes_stale)
{
    enum dict_result result = DICT_NOT_FOUND;
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    if (!takes_stale)
        shard_expire_some(s, now);
    at = shard_find(s, key, hash);
    if (at) {
        struct entry *e = shard_entry(s, at);
        bool is_expired = shard_is_expired(e, now);

        if (!is_expired)
            shard_touch(s, at);
        if (!is_expired || takes_stale)
            result = hand_out(d, e, now, out);
    }
    s->hits += result == DICT_OK;
    s->misses += result != DICT_OK;
    shard_leave(s);
    return result;
}

enum dict_result dict_get(struct dict *d, struct slice key, struct dict_item *out)
{
    return look_up(d, key, out, false);
}

enum dict_result dict_get_stale(struct dict *d, struct slice key, struct dict_item *out)
{
    return look_up(d, key, out, true);
}

static size_t value_size(const struct dict_item *item)
{
    if (item->type == DICT_NUMBER)
        return sizeof(item->number);
    return item->type == DICT_BOOLEAN ? 1 : item->n;
}

/* What is not the value of a new or noted entry. */
static void describe(struct entry *e, const struct dict_item *item, int64_t now)
{
    e->type = (uint8_t)item->type;
    e->flags = item->flags;
    e->expires = item->ttl ? now + item->ttl : 0;
}

static void fill(struct entry *e, const struct dict_item *item)
{
    char *value = shard_value(e);

    if (item->type == DICT_NUMBER)
        memcpy(value, &item->number, sizeof(item->number));
    else if (item->type == DICT_BOOLEAN)
        *value = item->number != 0;
    else if (item->n > 0)
        memcpy(value, item->p, item->n);
}

/* Where the block of an entry ends is fixed: does a value of `n` bytes fill it as well? */
static bool fits(const struct shard *s, uint32_t at, size_t n)
{
    struct entry *e = shard_entry(s, at);
    size_t room = arena_size(&s->arena, at) - (size_t)(shard_value(e) - (char *)e);

    return e->type != DICT_LIST && n <= room && n <= SPOT_MOST && e->value_n <= SPOT_MOST &&
           room - n <= 3 * ARENA_UNIT;
}

static void overwrite(struct shard *s, uint32_t at, const struct dict_item *item, int64_t now)
{
    struct journal *j = &s->arena.journal;
    struct entry *e = shard_entry(s, at);
    char *value = shard_value(e);
    size_t n = value_size(item);

    journal_note_bytes(j, value, MAX(n, (size_t)e->value_n));
    journal_note(j, &e->next);
    journal_note(j, &e->value_n);
    journal_note(j, &e->expires);
    e->value_n = (uint32_t)n;
    describe(e, item, now);
    fill(e, item);
    JOURNAL_STEP();
    shard_touch(s, at);
}

/* Puts an item where `old` (0: nothing) is. */
static enum dict_result put(struct shard *s, struct slice key, uint32_t hash, uint32_t old,
                            struct dict_item *item, unsigned mode)
{
    int64_t now = clock_wall_ms();
    size_t n = value_size(item);
    uint32_t at;

    if (old && fits(s, old, n)) {
        overwrite(s, old, item, now);
        return DICT_OK;
    }
    at = shard_new(s, key, hash, n);
    if (at && old)
        shard_remove(s, old);
    else if (!at && old && !(mode & DICT_KEEPS))
        shard_delete(s, old);
    if (!at && !(mode & DICT_SAFE)) {
        item->is_forcible = s->oldest != 0;
        at = shard_new_by_force(s, key, hash, n, now);
    }
    if (!at)
        return DICT_NO_MEMORY;
    describe(shard_entry(s, at), item, now);
    fill(shard_entry(s, at), item);
    shard_insert(s, at);
    journal_commit(&s->arena.journal);
    shard_sweep(s);
    return DICT_OK;
}

/* The entry of a key; *is_there_out: it has not expired. */
static uint32_t find_entry(struct shard *s, struct slice key, uint32_t hash, int64_t now,
                           bool *is_there_out)
{
    uint32_t at = shard_find(s, key, hash);

    *is_there_out = at && !shard_is_expired(shard_entry(s, at), now);
    return at;
}

/* Puts the item in the place of the entry `at`, or takes that away. */
static enum dict_result set(struct shard *s, struct slice key, uint32_t hash, uint32_t at,
                            struct dict_item *item, unsigned mode)
{
    if (item->type != DICT_NIL)
        return put(s, key, hash, at, item, mode);
    if (at)
        shard_delete(s, at);
    return DICT_OK;
}

enum dict_result dict_store(struct dict *d, struct slice key, struct dict_item *item, unsigned mode)
{
    enum dict_result result;
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);
    bool is_there;

    item->is_forcible = false;
    shard_expire_some(s, now);
    at = find_entry(s, key, hash, now, &is_there);
    if (mode & DICT_ADD && is_there)
        result = DICT_EXISTS;
    else if (mode & DICT_REPLACE && !is_there)
        result = DICT_NOT_FOUND;
    else
        result = set(s, key, hash, at, item, mode);
    shard_leave(s);
    return result;
}

static bool is_equal(struct entry *e, const struct dict_item *item)
{
    const char *value = shard_value(e);

    if (e->type != item->type)
        return false;
    if (e->type == DICT_NUMBER) {
        double number;

        memcpy(&number, value, sizeof(number));
        return number == item->number;
    }
    if (e->type == DICT_BOOLEAN)
        return !*value == (item->number == 0);
    return e->type != DICT_LIST &&
           slice_eq(slice_of(value, e->value_n), slice_of(item->p, item->n));
}

enum dict_result dict_swap(struct dict *d, struct slice key, const struct dict_item *expected,
                           struct dict_item *item)
{
    enum dict_result result;
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);
    bool is_there;

    item->is_forcible = false;
    at = find_entry(s, key, hash, now, &is_there);
    if (is_there ? !is_equal(shard_entry(s, at), expected) : expected->type != DICT_NIL)
        result = DICT_CHANGED;
    else
        result = set(s, key, hash, at, item, DICT_SET);
    shard_leave(s);
    return result;
}

enum dict_result dict_change(struct dict *d, struct slice key, unsigned mode, dict_change_fn fn,
                             void *user)
{
    struct dict_item item = {.type = DICT_NIL};
    enum dict_result result = DICT_OK;
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    shard_expire_some(s, now);
    at = shard_find(s, key, hash);
    if (at && !shard_is_expired(shard_entry(s, at), now))
        result = look_at(shard_entry(s, at), now, &item);
    if (result == DICT_OK && fn(user, &item)) {
        if (item.type != DICT_NIL)
            result = put(s, key, hash, at, &item, mode);
        else if (at)
            shard_delete(s, at);
    } else if (item.type != DICT_NIL) {
        shard_touch(s, at);
    }
    shard_leave(s);
    return result;
}

void dict_delete(struct dict *d, struct slice key)
{
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    at = shard_find(s, key, hash);
    if (at)
        shard_delete(s, at);
    shard_leave(s);
}

static enum dict_result add(struct shard *s, uint32_t at, struct dict_incr *incr)
{
    struct entry *e = shard_entry(s, at);
    uint64_t word;

    if (e->type != DICT_NUMBER)
        return DICT_WRONG_TYPE;
    memcpy(&incr->value, shard_value(e), sizeof(incr->value));
    incr->value += incr->by;
    memcpy(&word, &incr->value, sizeof(word));
    journal_set64(&s->arena.journal, (journal_word *)shard_value(e), word);
    shard_touch(s, at);
    return DICT_OK;
}

enum dict_result dict_incr(struct dict *d, struct slice key, struct dict_incr *incr)
{
    struct dict_item item = {.type = DICT_NUMBER, .ttl = incr->init_ttl};
    enum dict_result result = DICT_NOT_FOUND;
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    incr->is_forcible = false;
    shard_expire_some(s, now);
    at = shard_find(s, key, hash);
    if (at && !shard_is_expired(shard_entry(s, at), now)) {
        result = add(s, at, incr);
    } else if (incr->has_init) {
        incr->value = item.number = incr->init + incr->by;
        result = put(s, key, hash, at, &item, DICT_SET);
        incr->is_forcible = item.is_forcible;
    }
    shard_leave(s);
    return result;
}

enum dict_result dict_ttl(struct dict *d, struct slice key, int64_t *ttl_out)
{
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    at = shard_find(s, key, hash);
    *ttl_out = 0;
    if (at && shard_entry(s, at)->expires)
        *ttl_out = shard_entry(s, at)->expires - now;
    shard_leave(s);
    return at ? DICT_OK : DICT_NOT_FOUND;
}

enum dict_result dict_expire(struct dict *d, struct slice key, int64_t ttl)
{
    int64_t now = clock_wall_ms();
    uint32_t hash, at;
    struct shard *s = shard_enter_for(d, key, &hash);

    at = shard_find(s, key, hash);
    if (at) {
        struct entry *e = shard_entry(s, at);

        journal_note(&s->arena.journal, &e->expires);
        e->expires = ttl > 0 ? now + ttl : 0;
    }
    shard_leave(s);
    return at ? DICT_OK : DICT_NOT_FOUND;
}

void dict_watch(struct dict *d, struct slice key, int64_t ms)
{
    int64_t until = clock_wall_ms() + ms;

    atomic_store(&d->head->key_watched_until[shard_hash(d, key) % SHARD_WATCHED], until);
    atomic_store(&d->head->watched_until, until);
}

bool dict_is_watched(const struct dict *d, struct slice key)
{
    const struct dict_head *head = d->head;

    if (LIKELY(atomic_load_explicit(&head->watched_until, memory_order_relaxed) == 0))
        return false;
    return atomic_load(&head->key_watched_until[shard_hash(d, key) % SHARD_WATCHED]) >=
           clock_wall_ms();
}

const char *dict_name(const struct dict *d)
{
    return d->zone->name;
}

size_t dict_capacity(const struct dict *d)
{
    return d->zone->size;
}

size_t dict_free_space(struct dict *d)
{
    size_t n = 0;

    for (uint32_t i = 0; i < d->head->n_shards; i++) {
        struct shard *s = shard_at(d, i);

        shard_enter(s);
        n += arena_free_in(&s->arena, PAGE_UNITS);
        shard_leave(s);
    }
    return n;
}
