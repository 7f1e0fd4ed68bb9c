/* What a server answers, and a cache.
 *
 *   its head -> what was kept is good (304), or better than that (use_stale), or a draft is begun
 *   its body -> the draft as well as the client -> the file, noted in the index */
#include "app/proxy/cache_manager.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/proxy_cache_parts.h"
#include "app/proxy/proxy_try.h"

static struct cache_answer answer_of(const struct proxy *p)
{
    const struct header *theirs = header_find_id(&p->v->x->req.headers, HEADER_AUTHORIZATION);
    const struct header *ours = header_find_id(&p->up->req.headers, HEADER_AUTHORIZATION);

    return (struct cache_answer){
        .status = p->up->res.status,
        .headers = &p->up->res.headers,
        .ignored = p->conf->ignore,
        .is_slice = p->v->slices != NULL,
        .is_private = theirs && ours && slice_eq(theirs->value, ours->value),
    };
}

/* Notes a file that is there, making room; one without a note would count for no limit. */
static void put(struct proxy_cache *c, uint64_t size, int64_t valid_until)
{
    while (!cache_index_put(&c->index, c->digest, size, valid_until))
        if (!cache_manager_make_room(c->p->cache_zone)) {
            cache_file_remove(c->p->cache_zone, c->digest);
            return;
        }
}

/* 304: what was kept is good for as long as that says, or as its own status would be. */
static void renew(struct proxy_cache *c)
{
    struct cache_answer a = answer_of(c->p);
    struct cache_head newer = {.status = 0};
    const struct err *e;

    a.status = c->file.head.status;
    if (!cache_rules_keep(c->conf, &a, proxy_cache_now(), &newer))
        return;
    e = cache_file_renew(&c->file, &newer);
    if (e)
        proxy_cache_complain(c, "renewing a file", e);
    else
        put(c, c->file.disk_size, newer.valid_until);
}

bool proxy_cache_takes_head(struct proxy *p)
{
    struct proxy_cache *c = p->cache;
    int status = p->up->res.status;

    if (status != 304 || !c->is_validating)
        return status >= 400 && proxy_cache_covers(p, proxy_try_bit_of_status(status));
    renew(c);
    if (!p->is_abandoned)
        c->p->cache_status = SLICE("REVALIDATED");
    return true;
}

static void add_fields(const struct client_response *up, struct buf *out)
{
    for (unsigned i = 0; i < up->headers.n; i++) {
        const struct header *h = &up->headers.fields[i];

        if (header_check(h) && !proxy_response_is_of_connection(up, h))
            cache_head_add_field(out, h->name, h->value);
    }
}

/* Does a variant other than that of the draft have the key's place? */
static bool is_place_taken(const struct proxy_cache *c)
{
    struct cache_file main;
    bool is_other;

    if (cache_file_open(c->p->cache_zone, c->main, &main))
        return false;
    is_other = main.head.vary.n && slice_eq(main.head.key, c->key) &&
               memcmp(main.head.variant, c->head.variant, sizeof(c->head.variant)) != 0;
    cache_file_close(&main);
    return is_other;
}

/* A variant that is the first of its key has the key's place. */
static void choose_place(struct proxy_cache *c)
{
    const unsigned char *place = c->main;

    if (c->head.vary.n) {
        proxy_cache_variant(c, c->head.vary, c->head.variant);
        if (is_place_taken(c))
            place = c->head.variant;
    }
    if (memcmp(c->digest, place, sizeof(c->digest)) == 0)
        return;
    proxy_cache_end_fetch(c);
    memcpy(c->digest, place, sizeof(c->digest));
}

/* Clients get something else in its place. */
static bool is_for_us(const struct proxy *p)
{
    struct slice to, query;

    return proxy_response_is_replaced(p) || proxy_response_elsewhere(p, &to, &query);
}

void proxy_cache_keep(struct proxy *p)
{
    struct proxy_cache *c = p->cache;
    struct cache_answer a = answer_of(p);
    struct buf fields = BUF_EMPTY;
    const struct err *e;

    c->head = (struct cache_head){.status = a.status, .key = c->key};
    if (!c->may_keep || is_for_us(p) || cache_rules_holds(c->conf->no_cache, p->v) ||
        !cache_rules_keep(c->conf, &a, proxy_cache_now(), &c->head)) {
        proxy_cache_end(p);
        return;
    }
    choose_place(c);
    add_fields(&p->up->res, &fields);
    c->head.fields = pool_dup(visit_pool(p->v), buf_slice(&fields));
    c->head.vary = pool_dup(visit_pool(p->v), c->head.vary);
    buf_free(&fields);
    e = cache_draft_begin(c->p->cache_zone, c->digest, &c->head, &c->draft);
    if (e)
        proxy_cache_complain(c, "beginning a file", e);
}

/* It would drive out all others, and then itself. */
static bool is_too_large(const struct proxy_cache *c, struct slice more)
{
    uint64_t most = c->p->cache_zone->max_size;

    return most && c->draft.size + more.n > most;
}

void proxy_cache_add(struct proxy *p, struct slice bytes, bool is_last)
{
    struct proxy_cache *c = p->cache;
    const struct err *e;
    uint64_t size;

    if (c->draft.file.fd < 0)
        return;
    if (is_too_large(c, bytes)) {
        proxy_cache_end(p);
        return;
    }
    e = bytes.n ? cache_draft_add(&c->draft, bytes) : NULL;
    if (!e && !is_last)
        return;
    if (!e)
        e = cache_draft_keep(&c->draft, &c->head, &size);
    if (e)
        proxy_cache_complain(c, "writing a file", e);
    else
        put(c, size, c->head.valid_until);
    proxy_cache_end(p);
}

bool proxy_cache_wants_rest(const struct proxy *p)
{
    const struct proxy_cache *c = p->cache;

    return c && p->up && (p->up->head_ms ? c->draft.file.fd >= 0 : c->may_keep);
}
