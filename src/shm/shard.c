/* Mending after a death is two steps: the journal takes back what was begun, then a list that was
 * on its way out is freed to the end. See journal.h for why that is enough, t/unit/shm/dict.c for
 * the test that dies at each single store. */
#include "shm/shard.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/mix.h"

/* One bucket for so many bytes of the arena; a list of lists of two or three when full of small
 * entries. */
enum { BYTES_PER_BUCKET = 160 };

/* nginx gives up after so many evictions for one entry. */
enum { EVICTIONS = 30 };

void shard_init(struct shard *s, size_t size)
{
    size_t n = 16, header;

    while (n * 2 * BYTES_PER_BUCKET <= size)
        n *= 2;
    header = sizeof(*s) + n * sizeof(s->buckets[0]);
    s->mask = (uint32_t)n - 1;
    s->first = (uint32_t)((header + ARENA_UNIT - 1) / ARENA_UNIT);
    lock_init(&s->lock);
    arena_init(&s->arena, header, size);
}

struct shard *shard_at(const struct dict *d, uint32_t i)
{
    return (struct shard *)((char *)(d->head + 1) + i * d->head->shard_size);
}

/* Up to 8 bytes in a word; those in the middle may count twice. */
static uint64_t word_of(const char *p, size_t n)
{
    uint64_t word = 0;
    uint32_t half;

    if (n >= 4) {
        memcpy(&half, p, 4);
        word = (uint64_t)half << 32;
        memcpy(&half, p + n - 4, 4);
        return word | half;
    }
    if (n > 0)
        word = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n / 2] << 8 |
               (unsigned char)p[n - 1];
    return word;
}

uint64_t shard_hash(const struct dict *d, struct slice key)
{
    const char *p = key.p;
    size_t n = key.n;
    uint64_t seed = d->head->seed, h = seed ^ n, word;

    for (; n > 8; p += 8, n -= 8) {
        memcpy(&word, p, 8);
        h = mix(h ^ word, 0x9e3779b97f4a7c15u);
    }
    return mix(mix(h ^ word_of(p, n), 0xd6e8feb86659fd93u), seed | 1);
}

/* The last user was killed inside. */
static void mend(struct shard *s)
{
    journal_undo(&s->arena.journal);
    shard_sweep(s);
    s->mended++;
    log_write(NULL, LOG_WARN,
              "a process died inside a shared dictionary; what it had begun is undone");
}

void shard_enter(struct shard *s)
{
    if (UNLIKELY(!lock_take(&s->lock)))
        mend(s);
}

struct shard *shard_enter_for(const struct dict *d, struct slice key, uint32_t *hash_out)
{
    uint64_t h = shard_hash(d, key);
    struct shard *s = shard_at(d, (uint32_t)(h >> 32) & (d->head->n_shards - 1));

    *hash_out = (uint32_t)h;
    shard_enter(s);
    return s;
}

void shard_leave(struct shard *s)
{
    journal_commit(&s->arena.journal);
    lock_give(&s->lock);
}

uint32_t shard_find(const struct shard *s, struct slice key, uint32_t hash)
{
    uint32_t at = s->buckets[hash & s->mask];

    while (at) {
        const struct entry *e = shard_entry(s, at);

        if (e->hash == hash && e->key_n == key.n && memcmp(e->key, key.p, key.n) == 0)
            return at;
        at = e->next;
    }
    return 0;
}

/* The caller has noted s->newest, which shares its word with s->oldest. */
static void push_newest(struct shard *s, uint32_t at)
{
    struct journal *j = &s->arena.journal;
    struct entry *e = shard_entry(s, at);

    journal_note(j, &e->newer);
    e->newer = 0;
    e->older = s->newest;
    if (s->newest)
        journal_set32(j, &shard_entry(s, s->newest)->newer, at);
    else
        s->oldest = at;
    s->newest = at;
}

/* The same holds here. */
static void unlink_age(struct shard *s, const struct entry *e)
{
    struct journal *j = &s->arena.journal;

    if (e->newer)
        journal_set32(j, &shard_entry(s, e->newer)->older, e->older);
    else
        s->newest = e->older;
    if (e->older)
        journal_set32(j, &shard_entry(s, e->older)->newer, e->newer);
    else
        s->oldest = e->newer;
}

void shard_touch(struct shard *s, uint32_t at)
{
    if (s->newest == at)
        return;
    journal_note(&s->arena.journal, &s->newest);
    unlink_age(s, shard_entry(s, at));
    push_newest(s, at);
}

uint32_t shard_new(struct shard *s, struct slice key, uint32_t hash, size_t n)
{
    size_t key_room = (key.n + 7) & ~(size_t)7;
    uint32_t at = n > UINT32_MAX ? 0 : arena_alloc(&s->arena, sizeof(struct entry) + key_room + n);
    struct entry *e;

    if (!at)
        return 0;
    e = shard_entry(s, at);
    e->hash = hash;
    e->key_n = (uint16_t)key.n;
    e->spare = 0;
    e->value_n = (uint32_t)n;
    memcpy(e->key, key.p, key.n);
    return at;
}

void shard_insert(struct shard *s, uint32_t at)
{
    struct journal *j = &s->arena.journal;
    struct entry *e = shard_entry(s, at);
    uint32_t *bucket = &s->buckets[e->hash & s->mask];

    e->next = *bucket;
    journal_set32(j, bucket, at);
    journal_set32(j, &s->n_entries, s->n_entries + 1);
    journal_note(j, &s->newest);
    push_newest(s, at);
}

void shard_remove(struct shard *s, uint32_t at)
{
    struct journal *j = &s->arena.journal;
    const struct entry *e = shard_entry(s, at);
    uint32_t *from = &s->buckets[e->hash & s->mask];

    while (*from != at)
        from = &shard_entry(s, *from)->next;
    journal_set32(j, from, e->next);
    journal_note(j, &s->newest);
    unlink_age(s, e);
    journal_set32(j, &s->n_entries, s->n_entries - 1);
    if (e->type == DICT_LIST)
        journal_set32(j, &s->doomed, at);
    else
        arena_free(&s->arena, at);
}

void shard_delete(struct shard *s, uint32_t at)
{
    shard_remove(s, at);
    journal_commit(&s->arena.journal);
    shard_sweep(s);
}

void shard_sweep(struct shard *s)
{
    struct journal *j = &s->arena.journal;
    struct shard_list *list;

    if (!s->doomed)
        return;
    list = (struct shard_list *)shard_value(shard_entry(s, s->doomed));
    while (list->first) {
        uint32_t at = list->first;
        const struct shard_element *element = arena_at(&s->arena, at);

        journal_set32(j, &list->first, element->next);
        arena_free(&s->arena, at);
        journal_commit(j);
    }
    arena_free(&s->arena, s->doomed);
    journal_set32(j, &s->doomed, 0);
    journal_commit(j);
}

unsigned shard_expire(struct shard *s, int64_t now, bool by_force)
{
    unsigned n = 0;

    for (int i = by_force ? 0 : 1; i < 3 && s->oldest; i++, n++) {
        bool is_expired = shard_is_expired(shard_entry(s, s->oldest), now);

        if (i > 0 && !is_expired)
            break;
        s->expired += is_expired;
        s->evicted += !is_expired;
        shard_delete(s, s->oldest);
    }
    return n;
}

uint32_t shard_new_by_force(struct shard *s, struct slice key, uint32_t hash, size_t n, int64_t now)
{
    uint32_t at = shard_new(s, key, hash, n);

    for (int i = 0; !at && i < EVICTIONS && shard_expire(s, now, true) > 0; i++)
        at = shard_new(s, key, hash, n);
    return at;
}

void shard_copy(struct dict *d, const char *p, size_t n, struct dict_item *out)
{
    if (d->copy_room < n) {
        mem_free(d->copy);
        d->copy_room = MAX((size_t)4096, n * 2);
        d->copy = mem_alloc(d->copy_room);
    }
    if (n > 0)
        memcpy(d->copy, p, n);
    out->p = d->copy;
    out->n = n;
}

struct count {
    const struct shard *s;
    uint32_t blocks, expected;
};

static void count_block(void *user, uint32_t block)
{
    UNUSED(block);
    ((struct count *)user)->blocks++;
}

/* Blocks of one entry; 0: something is wrong with it. */
static uint32_t count_entry(const struct shard *s, uint32_t at, uint32_t older)
{
    struct entry *e = shard_entry(s, at);
    const struct shard_list *list = (const struct shard_list *)shard_value(e);
    uint32_t n = 0, prev = 0;

    if (e->older != older || shard_find(s, slice_of(e->key, e->key_n), e->hash) != at)
        return 0;
    if (e->type != DICT_LIST)
        return 1;
    for (uint32_t b = list->first; b; n++) {
        const struct shard_element *element = arena_at(&s->arena, b);

        if (element->prev != prev)
            return 0;
        prev = b;
        b = element->next;
    }
    return n == list->n && list->last == prev ? n + 1 : 0;
}

bool shard_check(const struct shard *s)
{
    struct count c = {.s = s};
    uint32_t n_entries = 0, chained = 0, older = 0;

    for (uint32_t at = s->oldest; at; older = at, at = shard_entry(s, at)->newer) {
        uint32_t n = count_entry(s, at, older);

        if (n == 0 || ++n_entries > s->n_entries)
            return false;
        c.expected += n;
    }
    for (uint32_t i = 0; i <= s->mask; i++)
        for (uint32_t at = s->buckets[i]; at; at = shard_entry(s, at)->next)
            chained++;
    return s->newest == older && n_entries == s->n_entries && chained == n_entries && !s->doomed &&
           arena_check(&s->arena, s->first, count_block, &c) && c.blocks == c.expected;
}
