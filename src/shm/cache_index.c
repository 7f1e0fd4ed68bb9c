/* A dictionary of notes, each changed with its shard's lock held, and one of two numbers. The sum
 * is raised before a note grows and lowered after it is gone. */
#include "shm/cache_index.h"

#include "base/clock.h"
#include "shm/dict_walk.h"
#include "shm/lock.h"

#define TOTAL    SLICE("total")
#define COMPLETE SLICE("complete")

struct change {
    struct cache_note note; /* in: zero, or the arguments; out: what was there */
    int64_t now;
    struct cache_note seen; /* before: whose fetch is taken over */
    int64_t since;          /* of the fetch that ends */
    uint64_t old_size;      /* out: of what was put anew */
    bool is_refused;
};

struct slice cache_index_key(const unsigned char digest[CACHE_INDEX_KEY])
{
    return slice_of((const char *)digest, CACHE_INDEX_KEY);
}

static struct cache_note note_of(const struct dict_item *item)
{
    struct cache_note note = {0};

    if (item->type == DICT_TABLE && item->n == sizeof(note))
        memcpy(&note, item->p, sizeof(note));
    return note;
}

static bool store_note(struct dict_item *item, const struct cache_note *note)
{
    *item = (struct dict_item){
        .type = DICT_TABLE, .p = (const char *)note, .n = sizeof(*note), .ttl = 0};
    return true;
}

static enum dict_result change(const struct cache_index *c, const unsigned char *digest,
                               dict_change_fn fn, struct change *how)
{
    how->now = clock_wall_ms();
    return dict_change(c->notes, cache_index_key(digest), DICT_SAFE | DICT_KEEPS, fn, how);
}

static void add_to_total(const struct cache_index *c, double by)
{
    struct dict_incr incr = {.by = by, .has_init = 1};

    if (by != 0)
        (void)dict_incr(c->sums, TOTAL, &incr);
}

static bool count_use(void *user, struct dict_item *item)
{
    struct change *how = user;

    how->note = note_of(item);
    how->note.used = how->now;
    how->note.uses++;
    return store_note(item, &how->note);
}

bool cache_index_use(const struct cache_index *c, const unsigned char *digest,
                     struct cache_note *out)
{
    struct change how = {.is_refused = false};
    enum dict_result r = change(c, digest, count_use, &how);

    *out = how.note;
    return r == DICT_OK;
}

/* Whoever was there meanwhile is alive. */
static bool take_fetch(void *user, struct dict_item *item)
{
    struct change *how = user;
    struct cache_note note = note_of(item);

    how->is_refused = note.fetcher != how->seen.fetcher ||
                      (note.fetcher && note.fetching_since != how->seen.fetching_since);
    if (how->is_refused)
        return false;
    how->note = note;
    how->note.used = how->now;
    how->note.fetcher = lock_self;
    how->note.fetching_since = how->now + (how->now == note.fetching_since); /* differs */
    return store_note(item, &how->note);
}

bool cache_index_fetch(const struct cache_index *c, const unsigned char *digest, int64_t most_ms,
                       int64_t *since_out)
{
    struct change how = {.is_refused = false};
    struct dict_item item;

    if (dict_get(c->notes, cache_index_key(digest), &item) == DICT_OK) {
        how.seen = note_of(&item);
        if (how.seen.fetcher && clock_wall_ms() - how.seen.fetching_since < most_ms &&
            lock_is_alive(how.seen.fetcher))
            return false;
    }
    if (change(c, digest, take_fetch, &how) != DICT_OK || how.is_refused)
        return false;
    *since_out = how.note.fetching_since;
    return true;
}

static bool end_fetch(void *user, struct dict_item *item)
{
    struct change *how = user;

    how->note = note_of(item);
    if (item->type == DICT_NIL || how->note.fetcher != lock_self ||
        how->note.fetching_since != how->since)
        return false;
    how->note.fetcher = 0;
    return store_note(item, &how->note);
}

void cache_index_fetched(const struct cache_index *c, const unsigned char *digest, int64_t since)
{
    struct change how = {.since = since};

    (void)change(c, digest, end_fetch, &how);
}

static bool put(void *user, struct dict_item *item)
{
    struct change *how = user;
    struct cache_note note = note_of(item);

    how->old_size = note.size;
    note.used = how->now;
    note.size = how->note.size;
    note.valid_until = how->note.valid_until;
    how->note = note;
    return store_note(item, &how->note);
}

static bool put_new(void *user, struct dict_item *item)
{
    struct change *how = user;

    how->is_refused = note_of(item).size != 0;
    return !how->is_refused && put(user, item);
}

static bool put_by(const struct cache_index *c, const unsigned char *digest, dict_change_fn fn,
                   struct change *how)
{
    double size = (double)how->note.size;
    enum dict_result r;

    add_to_total(c, size);
    r = change(c, digest, fn, how);
    if (r != DICT_OK || how->is_refused)
        add_to_total(c, -size);
    else
        add_to_total(c, -(double)how->old_size);
    return r == DICT_OK;
}

bool cache_index_put(const struct cache_index *c, const unsigned char *digest, uint64_t size,
                     int64_t valid_until)
{
    struct change how = {.note = {.size = size, .valid_until = valid_until}};

    return put_by(c, digest, put, &how);
}

bool cache_index_found(const struct cache_index *c, const unsigned char *digest, uint64_t size,
                       int64_t valid_until)
{
    struct change how = {.note = {.size = size, .valid_until = valid_until}};

    return put_by(c, digest, put_new, &how);
}

static bool drop(void *user, struct dict_item *item)
{
    struct change *how = user;
    struct cache_note note = note_of(item);

    how->is_refused =
        item->type == DICT_NIL || (how->note.used >= 0 && how->note.used != note.used);
    if (how->is_refused)
        return false;
    how->note = note;
    *item = (struct dict_item){.type = DICT_NIL};
    return true;
}

bool cache_index_drop(const struct cache_index *c, const unsigned char *digest, int64_t used)
{
    struct change how = {.note = {.used = used}};

    if (change(c, digest, drop, &how) != DICT_OK || how.is_refused)
        return false;
    add_to_total(c, -(double)how.note.size);
    return true;
}

struct search {
    unsigned char *digest;
    struct cache_note *note;
    bool has_found;
};

static void look(void *user, struct slice key, struct slice value)
{
    struct search *s = user;
    struct cache_note note;

    if (key.n != CACHE_INDEX_KEY || value.n != sizeof(note))
        return;
    memcpy(&note, value.p, sizeof(note));
    if (s->has_found && note.used >= s->note->used)
        return;
    memcpy(s->digest, key.p, key.n);
    *s->note = note;
    s->has_found = true;
}

bool cache_index_oldest(const struct cache_index *c, unsigned char *digest_out,
                        struct cache_note *out)
{
    struct search s = {digest_out, out, false};

    dict_walk_oldest(c->notes, look, &s);
    return s.has_found;
}

static double number_of(const struct cache_index *c, struct slice name)
{
    struct dict_item item;

    return dict_get(c->sums, name, &item) == DICT_OK ? item.number : 0;
}

uint64_t cache_index_total(const struct cache_index *c)
{
    double total = number_of(c, TOTAL);

    return total > 0 ? (uint64_t)total : 0;
}

bool cache_index_is_complete(const struct cache_index *c)
{
    return number_of(c, COMPLETE) != 0;
}

void cache_index_complete(const struct cache_index *c)
{
    struct dict_item item = {.type = DICT_NUMBER, .number = 1};

    (void)dict_store(c->sums, COMPLETE, &item, DICT_SET);
}
