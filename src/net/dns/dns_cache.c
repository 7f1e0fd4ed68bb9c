/* The cache. Entries that have expired go when they are asked for or when room is needed: nothing
 * ever scans it. */
#include "net/dns/dns_cache.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"

struct entry {
    struct list bucket, use;
    struct dns_answer *answer;
    uint64_t until; /* clock_ms() */
    size_t n;
    char key[];
};

static size_t size_of(const struct entry *e)
{
    return sizeof(*e) + e->n + sizeof(*e->answer) + e->answer->n;
}

static void drop(struct dns_cache *c, struct entry *e)
{
    c->bytes -= size_of(e);
    c->entries--;
    list_remove(&e->bucket);
    list_remove(&e->use);
    dns_answer_unref(&e->answer);
    mem_free(e);
}

void dns_cache_init(struct dns_cache *c, size_t most_bytes)
{
    for (size_t i = 0; i < DNS_CACHE_BUCKETS; i++)
        list_init(&c->buckets[i]);
    list_init(&c->used);
    c->bytes = c->entries = c->evicted = 0;
    c->most_bytes = most_bytes;
}

void dns_cache_clear(struct dns_cache *c)
{
    while (!list_is_empty(&c->used))
        drop(c, CONTAINER_OF(c->used.next, struct entry, use));
}

static struct list *bucket_of(struct dns_cache *c, struct slice key)
{
    return &c->buckets[map_hash(key, true) % DNS_CACHE_BUCKETS];
}

static struct entry *find(struct list *bucket, struct slice key)
{
    LIST_FOR (n, bucket) {
        struct entry *e = CONTAINER_OF(n, struct entry, bucket);

        if (slice_ieq(slice_of(e->key, e->n), key))
            return e;
    }
    return NULL;
}

struct dns_answer *dns_cache_get(struct dns_cache *c, struct slice key)
{
    struct entry *e = find(bucket_of(c, key), key);

    if (!e)
        return NULL;
    if (clock_ms() >= e->until) {
        drop(c, e);
        return NULL;
    }
    list_remove(&e->use);
    list_append(&c->used, &e->use);
    return e->answer;
}

static void make_room(struct dns_cache *c)
{
    while (c->bytes > c->most_bytes) {
        drop(c, CONTAINER_OF(c->used.next, struct entry, use));
        c->evicted++;
    }
}

void dns_cache_put(struct dns_cache *c, struct slice key, struct dns_answer *a, uint64_t ttl_ms)
{
    struct list *bucket = bucket_of(c, key);
    struct entry *e = find(bucket, key);

    if (e)
        drop(c, e);
    if (ttl_ms == 0)
        return;
    e = mem_alloc(sizeof(*e) + key.n);
    e->answer = dns_answer_ref(a);
    e->until = clock_ms() + ttl_ms;
    e->n = key.n;
    memcpy(e->key, key.p, key.n);
    list_append(bucket, &e->bucket);
    list_append(&c->used, &e->use);
    c->bytes += size_of(e);
    c->entries++;
    make_room(c);
}
