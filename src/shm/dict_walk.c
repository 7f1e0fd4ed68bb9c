/* Through the entries in order of last use. */
#include "shm/dict_walk.h"

#include "base/clock.h"
#include "shm/dict_list.h"
#include "shm/shard.h"

void dict_walk_flush_all(struct dict *d)
{
    for (uint32_t i = 0; i < d->head->n_shards; i++) {
        struct shard *s = shard_at(d, i);

        shard_enter(s);
        for (uint32_t at = s->oldest; at; at = shard_entry(s, at)->newer)
            shard_entry(s, at)->expires = 1; /* one word: nothing to take back */
        shard_expire(s, clock_wall_ms(), true);
        shard_leave(s);
    }
}

unsigned dict_walk_flush_expired(struct dict *d, unsigned most)
{
    int64_t now = clock_wall_ms();
    unsigned n = 0;

    for (uint32_t i = 0; i < d->head->n_shards && (most == 0 || n < most); i++) {
        struct shard *s = shard_at(d, i);
        uint32_t at, next;

        shard_enter(s);
        for (at = s->oldest; at && (most == 0 || n < most); at = next) {
            next = shard_entry(s, at)->newer;
            if (!shard_is_expired(shard_entry(s, at), now))
                continue;
            shard_delete(s, at);
            s->expired++;
            n++;
        }
        shard_leave(s);
    }
    return n;
}

void dict_walk_keys(struct dict *d, unsigned most, void (*fn)(void *user, struct slice key),
                    void *user)
{
    int64_t now = clock_wall_ms();
    unsigned n = 0;

    for (uint32_t i = 0; i < d->head->n_shards && (most == 0 || n < most); i++) {
        struct shard *s = shard_at(d, i);

        shard_enter(s);
        for (uint32_t at = s->oldest; at && (most == 0 || n < most);
             at = shard_entry(s, at)->newer) {
            const struct entry *e = shard_entry(s, at);

            if (shard_is_expired(e, now))
                continue;
            fn(user, slice_of(e->key, e->key_n));
            n++;
        }
        shard_leave(s);
    }
}

void dict_walk_oldest(struct dict *d, void (*fn)(void *user, struct slice key, struct slice value),
                      void *user)
{
    for (uint32_t i = 0; i < d->head->n_shards; i++) {
        struct shard *s = shard_at(d, i);

        shard_enter(s);
        if (s->oldest) {
            struct entry *e = shard_entry(s, s->oldest);
            bool is_bytes = e->type == DICT_STRING || e->type == DICT_TABLE;

            fn(user, slice_of(e->key, e->key_n),
               is_bytes ? slice_of(shard_value(e), e->value_n) : SLICE_EMPTY);
        }
        shard_leave(s);
    }
}

void dict_walk_stats(struct dict *d, struct dict_stats *out)
{
    *out = (struct dict_stats){.capacity = d->zone->size, .shards = d->head->n_shards};
    out->used = out->capacity;
    for (uint32_t i = 0; i < d->head->n_shards; i++) {
        struct shard *s = shard_at(d, i);

        shard_enter(s);
        out->entries += s->n_entries;
        out->hits += s->hits;
        out->misses += s->misses;
        out->evicted += s->evicted;
        out->expired += s->expired;
        out->mended += s->mended;
        out->used -= (uint64_t)s->arena.free_units * ARENA_UNIT;
        shard_leave(s);
    }
}

static void copy_list(struct shard *s, const struct entry *e, const struct shard_list *list,
                      struct dict *to)
{
    uint32_t n;

    for (uint32_t at = list->first; at;) {
        const struct shard_element *element = arena_at(&s->arena, at);
        struct dict_item item = {.type = (int)element->type, .p = element->value, .n = element->n};

        if (item.type == DICT_NUMBER)
            memcpy(&item.number, element->value, sizeof(item.number));
        if (dict_list_push(to, slice_of(e->key, e->key_n), &item, DICT_RIGHT, &n) != DICT_OK)
            return;
        at = element->next;
    }
}

static void copy_entry(struct shard *s, struct entry *e, int64_t now, struct dict *to)
{
    const char *value = shard_value(e);
    struct slice key = slice_of(e->key, e->key_n);
    struct dict_item item = {.type = e->type, .flags = e->flags, .p = value, .n = e->value_n};

    if (shard_is_expired(e, now))
        return;
    item.ttl = e->expires ? e->expires - now : 0;
    if (e->type == DICT_LIST) {
        copy_list(s, e, (const struct shard_list *)value, to);
        if (item.ttl)
            dict_expire(to, key, item.ttl);
        return;
    }
    if (e->type == DICT_NUMBER)
        memcpy(&item.number, value, sizeof(item.number));
    if (e->type == DICT_BOOLEAN)
        item.number = *value;
    dict_store(to, key, &item, DICT_SET);
}

void dict_walk_copy(struct dict *from, struct dict *to)
{
    int64_t now = clock_wall_ms();

    for (uint32_t i = 0; i < from->head->n_shards; i++) {
        struct shard *s = shard_at(from, i);

        shard_enter(s);
        for (uint32_t at = s->oldest; at; at = shard_entry(s, at)->newer)
            copy_entry(s, shard_entry(s, at), now, to);
        shard_leave(s);
    }
}

bool dict_walk_check(struct dict *d)
{
    bool is_sound = true;

    for (uint32_t i = 0; i < d->head->n_shards; i++) {
        shard_enter(shard_at(d, i));
        is_sound &= shard_check(shard_at(d, i));
        shard_leave(shard_at(d, i));
    }
    return is_sound;
}
