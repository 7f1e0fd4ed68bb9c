/* The course of a request that meets a cache.
 *
 *   key -> what the index and the file say -> served, or the server is asked (proxy_cache_keep)
 *
 * A response with Vary lies under the digest of its key, the next variants of it under digests of
 * their own. Of those who want the same one fetches it: `is_fetching`; with proxy_cache_lock the
 * others wait, looking again now and then, as the fetcher may be in another worker. */
#include "app/files/file_send.h"
#include "app/phases.h"
#include "app/proxy/cache_manager.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/cache_send.h"
#include "app/proxy/proxy_cache_parts.h"
#include "app/proxy/proxy_range.h"
#include "app/proxy/proxy_slices.h"
#include "app/variables/script.h"
#include "net/tls/tls_digest.h"

enum { POLL_LEAST_MS = 5, POLL_MOST_MS = 200 };

/* $upstream_cache_status */
static const struct slice MISS = SLICE("MISS"), BYPASS = SLICE("BYPASS"),
                          EXPIRED = SLICE("EXPIRED"), STALE = SLICE("STALE"),
                          UPDATING = SLICE("UPDATING"), HIT = SLICE("HIT");

void proxy_cache_complain(const struct proxy_cache *c, const char *what, const struct err *e)
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
        proxy_cache_complain(c, "opening a file", e);
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

void proxy_cache_variant(const struct proxy_cache *c, struct slice vary, unsigned char *out)
{
    cache_rules_variant(vary, cache_index_key(c->main), &c->p->v->x->req.headers, out);
}

static bool is_other_variant(const struct proxy_cache *c)
{
    unsigned char variant[CACHE_VARIANT];

    if (!c->file.head.vary.n)
        return false;
    proxy_cache_variant(c, c->file.head.vary, variant);
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
    proxy_cache_variant(c, c->file.head.vary, c->digest);
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

void proxy_cache_end_fetch(struct proxy_cache *c)
{
    if (c->is_fetching)
        cache_index_fetched(&c->index, c->digest, c->fetching_since);
    c->is_fetching = false;
}

static struct slice range_of(const struct visit *v)
{
    const struct header *h = header_find_id(&v->x->req.headers, HEADER_RANGE);

    return h ? h->value : slice_of(NULL, 0);
}

/* A part that is too far in has nothing to do with the cache. */
static enum proxy_cache_turn ask(struct proxy_cache *c, struct slice status)
{
    struct proxy *p = c->p;

    p->cache_status = status;
    if (cache_rules_is_far(c->conf, range_of(p->v))) {
        proxy_cache_free(p);
        p->cache = NULL;
    }
    return PROXY_CACHE_ASK;
}

static enum proxy_cache_turn serve(struct proxy_cache *c, struct slice status)
{
    c->p->cache_status = status;
    return PROXY_CACHE_SERVE;
}

static bool is_within(const struct proxy_cache *c, uint32_t grace)
{
    return proxy_cache_now() <= c->file.head.valid_until + grace;
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
        return ask(c, MISS);
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
        return ask(c, MISS);
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
    c->file.fd = c->draft.file.fd = -1;
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

/* --- answering --- */

/* What was kept is the first part of an answer. */
static void send_first(struct proxy *p)
{
    struct exchange *x = p->v->x;
    struct file_body body = cache_send_body(p->v, &p->cache->file);
    int condition;

    proxy_slices_take_head(p);
    condition = cache_send_condition(p->v);
    if (condition) {
        cache_send_status(p->v, condition);
        return;
    }
    if (!proxy_range_begin(p, true)) {
        (void)file_send_refuse_range(p->v, x->res.content_length);
        return;
    }
    if (p->part_left && !x->is_head) {
        struct chunk c = file_send_section(x, &body, p->part_skips, p->part_left);

        p->part_left = 0;
        exchange_write(x, &c);
    }
    if (x->state < EXCHANGE_DONE)
        proxy_slices_go_on(p);
}

void proxy_cache_serve(struct proxy *p)
{
    struct proxy_cache *c = p->cache;

    if (!p->is_abandoned)
        proxy_cache_end_fetch(c);
    c->shown = (struct client_response){.status = c->file.head.status, .content_length = -1};
    if (!cache_head_fields(&c->file.head, visit_pool(p->v), &c->shown.headers)) {
        (void)phases_finish_status(p->v, 502);
        return;
    }
    p->cached = &c->shown;
    p->has_begun = true;
    if (!proxy_slices_accepts(p, &c->shown, c->file.head.body_size)) {
        (void)phases_finish_status(p->v, 502);
        return;
    }
    proxy_response_take(p, &c->shown);
    if (!proxy_slices_is_first(p->v)) {
        cache_send(p->v, &c->file);
        return;
    }
    exchange_hold(p->v->x);
    send_first(p);
    exchange_release(p->v->x);
}

/* --- the end --- */

void proxy_cache_end(struct proxy *p)
{
    struct proxy_cache *c = p->cache;

    timer_stop(&c->poll);
    cache_draft_drop(&c->draft);
    proxy_cache_end_fetch(c);
}

void proxy_cache_free(struct proxy *p)
{
    proxy_cache_end(p);
    cache_file_close(&p->cache->file);
}
