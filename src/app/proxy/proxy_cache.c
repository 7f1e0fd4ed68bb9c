/* The course of a request that meets a cache.
 *
 *   key -> what the index and the file say -> served, or the server is asked
 *   the server's head -> what was kept is good (304), or better than that (use_stale), or a draft
 *   its body -> the draft as well as the client -> the file, noted in the index
 *
 * A response with Vary lies under the digest of its key, the next variants of it under digests of
 * their own. Of those who want the same one fetches it: `is_fetching`; with proxy_cache_lock the
 * others wait, looking again now and then, as the fetcher may be in another worker. */
#include "app/proxy/proxy_cache.h"

#include "app/phases.h"
#include "app/proxy/cache_file.h"
#include "app/proxy/cache_manager.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/cache_send.h"
#include "app/proxy/proxy_try.h"
#include "app/script.h"
#include "base/clock.h"
#include "net/tls_digest.h"

enum { POLL_LEAST_MS = 5, POLL_MOST_MS = 200 };

struct proxy_cache {
    struct proxy *p;
    const struct cache_conf *conf;
    struct cache_index index;
    struct slice key;
    unsigned char main[CACHE_INDEX_KEY], digest[CACHE_INDEX_KEY];
    struct cache_note note;
    struct cache_file file; /* what was found; fd -1: nothing */
    struct cache_draft draft;
    struct cache_head head; /* of the draft */
    struct client_response shown;
    struct timer poll;
    uint64_t since_ms, poll_ms;
    int64_t fetching_since;
    void (*go)(struct proxy *p);
    bool may_keep; /* what the server answers */
    bool is_fetching;
    bool is_validating; /* the server is asked whether `file` is still good */
};

/* $upstream_cache_status */
static const struct slice MISS = SLICE("MISS"), BYPASS = SLICE("BYPASS"),
                          EXPIRED = SLICE("EXPIRED"), STALE = SLICE("STALE"),
                          UPDATING = SLICE("UPDATING"), REVALIDATED = SLICE("REVALIDATED"),
                          HIT = SLICE("HIT");

static int64_t now_s(void)
{
    return clock_wall_ms() / 1000;
}

static void complain(const struct proxy_cache *c, const char *what, const struct err *e)
{
    log_write(&c->p->v->x->log, LOG_CRIT, "cache: %s failed: %s", what, e->message);
}

/* --- looking --- */

/* False: there is no room even for a note. */
static bool note_use(struct proxy_cache *c)
{
    for (int tries = 0; tries < 2; tries++) {
        if (cache_index_use(&c->index, c->digest, &c->note))
            return true;
        if (!cache_manager_make_room(c->p->cache_zone))
            break;
    }
    return false;
}

/* Opens the file of c->digest, if it is one of this key. */
static bool open_file(struct proxy_cache *c)
{
    const struct err *e;

    if (!c->note.size && cache_index_is_complete(&c->index))
        return false;
    e = cache_file_open(c->p->cache_zone, c->digest, &c->file);
    if (e && e != &err_not_found && e != &err_protocol) { /* it is there, for others */
        complain(c, "opening a file", e);
        return false;
    }
    if (!e && !slice_eq(c->file.head.key, c->key)) {
        cache_file_close(&c->file);
        return false;
    }
    if (e && c->note.size)
        (void)cache_index_drop(&c->index, c->digest, -1);
    if (e == &err_protocol)
        cache_file_remove(c->p->cache_zone, c->digest);
    if (e)
        return false;
    if (c->note.size)
        c->file.head.valid_until = c->note.valid_until;
    else
        cache_index_found(&c->index, c->digest, c->file.disk_size, c->file.head.valid_until);
    return true;
}

static void variant_of(const struct proxy_cache *c, struct slice vary, unsigned char *out)
{
    cache_rules_variant(vary, cache_index_key(c->main), &c->p->v->x->req.headers, out);
}

static bool is_other_variant(const struct proxy_cache *c)
{
    unsigned char variant[CACHE_VARIANT];

    if (!c->file.head.vary.n)
        return false;
    variant_of(c, c->file.head.vary, variant);
    return memcmp(variant, c->file.head.variant, sizeof(variant)) != 0;
}

/* Opens what fits the request. */
static bool find(struct proxy_cache *c)
{
    cache_file_close(&c->file);
    memcpy(c->digest, c->main, sizeof(c->digest));
    if (!note_use(c)) {
        c->may_keep = false;
        return false;
    }
    if (!open_file(c))
        return false;
    if (!is_other_variant(c))
        return true;
    variant_of(c, c->file.head.vary, c->digest);
    cache_file_close(&c->file);
    if (!note_use(c) || !open_file(c))
        return false;
    if (!is_other_variant(c))
        return true;
    cache_file_close(&c->file);
    return false;
}

static bool fetch(struct proxy_cache *c)
{
    if (!c->is_fetching)
        c->is_fetching =
            cache_index_fetch(&c->index, c->digest, (int64_t)c->conf->lock_age, &c->fetching_since);
    return c->is_fetching;
}

static void end_fetch(struct proxy_cache *c)
{
    if (c->is_fetching)
        cache_index_fetched(&c->index, c->digest, c->fetching_since);
    c->is_fetching = false;
}

static enum proxy_cache_turn ask(struct proxy_cache *c, struct slice status)
{
    c->p->cache_status = status;
    return PROXY_CACHE_ASK;
}

static enum proxy_cache_turn serve(struct proxy_cache *c, struct slice status)
{
    c->p->cache_status = status;
    return PROXY_CACHE_SERVE;
}

static bool is_within(const struct proxy_cache *c, uint32_t grace)
{
    return now_s() <= c->file.head.valid_until + grace;
}

static enum proxy_cache_turn use_old(struct proxy_cache *c)
{
    const struct cache_head *h = &c->file.head;
    bool is_usable = (c->conf->use_stale & PROXY_STALE_UPDATING) ||
                     (h->stale_updating && is_within(c, h->stale_updating));

    if (!fetch(c))
        return is_usable ? serve(c, UPDATING) : ask(c, EXPIRED);
    c->is_validating = c->conf->does_revalidate;
    if (!is_usable || !c->conf->updates_behind)
        return ask(c, EXPIRED);
    c->p->cache_status = STALE;
    return PROXY_CACHE_BEHIND;
}

static void on_poll(struct timer *t)
{
    struct proxy_cache *c = CONTAINER_OF(t, struct proxy_cache, poll);

    c->go(c->p);
}

static enum proxy_cache_turn wait(struct proxy_cache *c)
{
    uint64_t waited = clock_ms() - c->since_ms;

    if (waited >= c->conf->lock_timeout) {
        c->may_keep = false;
        return PROXY_CACHE_ASK;
    }
    timer_start(&c->poll, MIN(c->poll_ms, c->conf->lock_timeout - waited));
    c->poll_ms = MIN(2 * c->poll_ms, (uint64_t)POLL_MOST_MS);
    return PROXY_CACHE_WAIT;
}

enum proxy_cache_turn proxy_cache_go_on(struct proxy *p)
{
    struct proxy_cache *c = p->cache;

    if (find(c))
        return is_within(c, 0) ? serve(c, HIT) : use_old(c);
    c->p->cache_status = MISS;
    c->may_keep &= c->note.uses >= c->conf->min_uses;
    if (!c->may_keep || !c->conf->has_lock || fetch(c))
        return PROXY_CACHE_ASK;
    return wait(c);
}

/* $request_uri would be that of the client also where captures or rewrites ask for another. */
static struct slice default_key(struct proxy *p)
{
    struct slice uri = proxy_uri(p);

    return pool_printf(visit_pool(p->v), "%s%s" SLICE_FMT SLICE_FMT,
                       p->v->x->req.is_tls ? "https" : "http", p->pass.is_tls ? "s:" : ":",
                       SLICE_ARG(p->authority), SLICE_ARG(uri));
}

enum proxy_cache_turn proxy_cache_begin(struct proxy *p, void (*go)(struct proxy *p))
{
    const struct cache_conf *conf = p->conf->cache;
    struct visit *v = p->v;
    struct proxy_cache *c = pool_new(visit_pool(v), struct proxy_cache);

    p->cache = c;
    c->p = p;
    c->conf = conf;
    c->go = go;
    c->index = cache_zone_index(p->cache_zone);
    c->file.fd = c->draft.fd = -1;
    c->since_ms = clock_ms();
    c->poll_ms = POLL_LEAST_MS;
    c->may_keep = true;
    timer_init(&c->poll, on_poll);
    c->key = conf->key ? script_eval(conf->key, v) : default_key(p);
    tls_digest_md5(c->key.p, c->key.n, c->main);
    memcpy(c->digest, c->main, sizeof(c->digest));
    if (cache_rules_holds(conf->bypass, v))
        return ask(c, BYPASS);
    return proxy_cache_go_on(p);
}

/* --- asking --- */

struct slice proxy_cache_method(const struct proxy_cache *c, struct slice method)
{
    return c->p->v->x->is_head ? SLICE("GET") : method;
}

bool proxy_cache_asks_itself(enum header_id id)
{
    return id == HEADER_IF_MATCH || id == HEADER_IF_NONE_MATCH || id == HEADER_IF_MODIFIED_SINCE ||
           id == HEADER_IF_UNMODIFIED_SINCE || id == HEADER_IF_RANGE || id == HEADER_RANGE;
}

/* The field of what was found; p == NULL: it has none. */
static struct slice field_of(const struct proxy_cache *c, enum header_id id)
{
    struct header_list l = {0};
    const struct header *h;

    if (!cache_head_fields(&c->file.head, visit_pool(c->p->v), &l))
        return slice_of(NULL, 0);
    h = header_find_id(&l, id);
    return h ? h->value : slice_of(NULL, 0);
}

void proxy_cache_add_fields(struct proxy *p)
{
    struct client_request *out = &p->up->req;
    struct slice etag, modified;

    if (!p->cache->is_validating)
        return;
    etag = field_of(p->cache, HEADER_ETAG);
    modified = field_of(p->cache, HEADER_LAST_MODIFIED);
    if (modified.p)
        header_add_id(&out->headers, &p->up->pool, HEADER_IF_MODIFIED_SINCE, modified);
    if (etag.p)
        header_add_id(&out->headers, &p->up->pool, HEADER_IF_NONE_MATCH, etag);
}

/* --- the server's answer --- */

static struct cache_answer answer_of(const struct proxy *p)
{
    const struct header *theirs = header_find_id(&p->v->x->req.headers, HEADER_AUTHORIZATION);
    const struct header *ours = header_find_id(&p->up->req.headers, HEADER_AUTHORIZATION);

    return (struct cache_answer){
        .status = p->up->res.status,
        .headers = &p->up->res.headers,
        .ignored = p->conf->ignore,
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
    if (!cache_rules_keep(c->conf, &a, now_s(), &newer))
        return;
    e = cache_file_renew(&c->file, &newer);
    if (e)
        complain(c, "renewing a file", e);
    else
        put(c, c->file.disk_size, newer.valid_until);
}

bool proxy_cache_covers(struct proxy *p, unsigned bits)
{
    struct proxy_cache *c = p->cache;
    const struct cache_head *h = &c->file.head;
    unsigned errors = PROXY_NEXT_ERROR | PROXY_NEXT_TIMEOUT | PROXY_NEXT_INVALID_HEADER |
                      PROXY_NEXT_500 | PROXY_NEXT_502 | PROXY_NEXT_503 | PROXY_NEXT_504;

    if (c->file.fd < 0 || (p->has_begun && !p->is_abandoned))
        return false;
    if (!(c->conf->use_stale & bits) &&
        !((bits & errors) && h->stale_error && is_within(c, h->stale_error)))
        return false;
    c->p->cache_status = STALE;
    return true;
}

bool proxy_cache_takes_head(struct proxy *p)
{
    struct proxy_cache *c = p->cache;
    int status = p->up->res.status;

    if (status != 304 || !c->is_validating)
        return status >= 400 && proxy_cache_covers(p, proxy_try_bit_of_status(status));
    renew(c);
    if (!p->is_abandoned)
        c->p->cache_status = REVALIDATED;
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

/* A variant that is the first of its key has the key's place. */
static void choose_place(struct proxy_cache *c)
{
    struct cache_file main;

    if (c->head.vary.n)
        variant_of(c, c->head.vary, c->head.variant);
    if (memcmp(c->digest, c->main, sizeof(c->main)) == 0)
        return;
    if (c->head.vary.n && memcmp(c->digest, c->head.variant, sizeof(c->digest)) == 0 &&
        !cache_file_open(c->p->cache_zone, c->main, &main)) {
        cache_file_close(&main);
        return;
    }
    end_fetch(c);
    memcpy(c->digest, c->main, sizeof(c->digest));
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
        !cache_rules_keep(c->conf, &a, now_s(), &c->head)) {
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
        complain(c, "beginning a file", e);
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

    if (c->draft.fd < 0)
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
        complain(c, "writing a file", e);
    else
        put(c, size, c->head.valid_until);
    proxy_cache_end(p);
}

bool proxy_cache_wants_rest(const struct proxy *p)
{
    const struct proxy_cache *c = p->cache;

    return c && p->up && (p->up->head_ms ? c->draft.fd >= 0 : c->may_keep);
}

/* --- answering --- */

void proxy_cache_serve(struct proxy *p)
{
    struct proxy_cache *c = p->cache;

    if (!p->is_abandoned)
        end_fetch(c);
    c->shown = (struct client_response){.status = c->file.head.status, .content_length = -1};
    if (!cache_head_fields(&c->file.head, visit_pool(p->v), &c->shown.headers)) {
        (void)phases_finish_status(p->v, 502);
        return;
    }
    p->cached = &c->shown;
    p->has_begun = true;
    proxy_response_take(p, &c->shown);
    cache_send(p->v, &c->file);
}

/* --- the end --- */

void proxy_cache_end(struct proxy *p)
{
    struct proxy_cache *c = p->cache;

    timer_stop(&c->poll);
    cache_draft_drop(&c->draft);
    end_fetch(c);
}

void proxy_cache_free(struct proxy *p)
{
    proxy_cache_end(p);
    cache_file_close(&p->cache->file);
}
