/* What is fetched next stands in `first`. A part that is not what it should be ends the answer: its
 * head has gone out. */
#include "app/proxy/proxy_slices.h"

#include "app/files/file_send.h"
#include "app/subrequest.h"
#include "base/num.h"

struct proxy_slices {
    struct visit *v;
    int64_t size;       /* of a part, the last may be smaller */
    int64_t first;      /* where the part begins that is fetched now */
    int64_t begin, end; /* what the client gets */
    int64_t total;      /* -1: not known yet */
    struct slice etag;  /* of the first */
    bool is_sub;        /* the visit is the subrequest of another, for one part */
    struct subrequest *sub;
};

static void fetch(struct proxy_slices *s);

/* --- which part --- */

/* Where a single range begins that the client has asked for. */
static int64_t start_of(const struct visit *v)
{
    const struct header_list *l = &v->x->req.headers;
    const struct header *h = header_find_id(l, HEADER_RANGE);
    struct slice rest = h ? h->value : SLICE_EMPTY, unit = slice_cut(&rest, '=');
    int64_t n;

    if (header_find_id(l, HEADER_IF_RANGE) || !slice_ieq(unit, SLICE("bytes")) || !rest.p ||
        slice_find(rest, ',') >= 0 || !num_parse_u63(slice_trim(slice_cut(&rest, '-')), &n))
        return 0;
    return n;
}

static struct proxy_slices *make(struct visit *v, int64_t first)
{
    struct proxy_slices *s = pool_new(visit_pool(v), struct proxy_slices);

    s->v = v;
    s->size = v->loc->slice_size;
    s->first = first - first % s->size;
    s->total = -1;
    v->slices = s;
    return s;
}

struct slice proxy_slices_range(struct visit *v)
{
    struct proxy_slices *s = v->slices;

    if (!s && (v->parent || !v->loc->slice_size || exchange_has_started(v->x)))
        return slice_of(NULL, 0);
    if (!s)
        s = make(v, start_of(v));
    return pool_printf(visit_pool(v), "bytes=%lld-%lld", (long long)s->first,
                       (long long)(s->first + s->size - 1));
}

/* --- heads --- */

static struct slice etag_of(const struct client_response *up)
{
    const struct header *h = header_find_id(&up->headers, HEADER_ETAG);

    return h ? h->value : SLICE_EMPTY;
}

/* How many bytes the part has, of a whole of `total`. */
static int64_t size_of(const struct proxy_slices *s, int64_t total)
{
    return MIN(s->size, total - s->first);
}

/* NULL: it is the head of the part. */
static const char *fault_of(const struct proxy_slices *s, const struct client_response *up,
                            int64_t *total)
{
    const struct header *h = header_find_id(&up->headers, HEADER_CONTENT_RANGE);
    struct range r;

    if (up->status != 206)
        return "unexpected status code";
    if (!h || !range_parse_content(h->value, &r, total))
        return "invalid range";
    if (r.first != s->first || r.size != size_of(s, *total) ||
        (s->total >= 0 && *total != s->total))
        return "unexpected range";
    if (s->is_sub && !slice_eq(etag_of(up), s->etag))
        return "etag mismatch";
    return NULL;
}

bool proxy_slices_accepts(struct proxy *p, const struct client_response *up)
{
    struct visit *v = p->v;
    struct proxy_slices *s = v->slices;
    const char *fault;
    int64_t total = 0;

    if (!s)
        return true;
    if (up->status != 206 && !s->is_sub) {
        v->slices = NULL;
        return true;
    }
    fault = fault_of(s, up, &total);
    if (fault) {
        log_write(&v->x->log, LOG_ERROR, "%s in slice response: status %d, slice at %lld", fault,
                  up->status, (long long)s->first);
        return false;
    }
    s->total = total;
    s->etag = pool_dup(visit_pool(v), etag_of(up));
    return true;
}

bool proxy_slices_is_first(const struct visit *v)
{
    return v->slices && !v->slices->is_sub && v->slices->total >= 0;
}

void proxy_slices_take_head(struct proxy *p)
{
    struct proxy_slices *s = p->v->slices;
    struct response *r = &p->v->x->res;

    r->status = 200;
    r->reason = SLICE_EMPTY;
    r->content_length = s->total;
    header_remove_id(&r->headers, HEADER_CONTENT_RANGE);
    header_remove_id(&r->headers, HEADER_ACCEPT_RANGES);
    proxy_slices_limit(p, &(struct range){.first = 0, .size = s->total});
}

void proxy_slices_limit(struct proxy *p, const struct range *part)
{
    struct proxy_slices *s = p->v->slices;
    int64_t size = size_of(s, s->total);

    s->begin = part->first;
    s->end = part->first + part->size;
    p->part_skips = MIN(MAX(s->begin - s->first, 0), size);
    p->part_left = MAX(MIN(s->end - s->first, size) - p->part_skips, 0);
}

/* --- the other parts --- */

static void give_up(struct proxy_slices *s, const char *why)
{
    log_write(&s->v->x->log, LOG_ERROR, "%s in slice response: slice at %lld", why,
              (long long)s->first);
    exchange_abort(s->v->x, &err_truncated);
}

static void on_drained(struct exchange *x)
{
    fetch(visit_of(x)->slices);
}

/* The part at `first` has gone out. */
static void go_on(struct proxy_slices *s)
{
    struct exchange *x = s->v->x;

    s->first += s->size;
    s->first = MAX(s->first, s->begin - s->begin % s->size);
    if (s->first >= s->end) {
        exchange_end(x);
    } else if (exchange_is_congested(x)) {
        x->user.on_drained = on_drained;
        exchange_wait_drained(x, false);
    } else {
        fetch(s);
    }
}

static void pass_on(struct proxy_slices *s, struct slice bytes)
{
    int64_t size = size_of(s, s->total), skips = MAX(s->begin - s->first, 0);

    bytes = slice_of(bytes.p + skips, (size_t)(MIN(s->end - s->first, size) - skips));
    exchange_write(s->v->x, &CHUNK_BYTES(bytes));
    if (s->v->x->state < EXCHANGE_DONE)
        go_on(s);
}

static void on_end(struct subrequest *sub)
{
    struct proxy_slices *s = sub->user;
    struct exchange *x = s->v->x;

    exchange_hold(x);
    s->sub = NULL;
    if (x->state >= EXCHANGE_DONE)
        ; /* the client is gone */
    else if (sub->x->res.status != 206)
        exchange_abort(x, &err_truncated); /* the subrequest has said why */
    else if (sub->is_truncated || (int64_t)sub->body.n != size_of(s, s->total))
        give_up(s, "wrong size");
    else
        pass_on(s, buf_slice(&sub->body));
    subrequest_release(&sub);
    exchange_release(x);
}

static void fetch(struct proxy_slices *s)
{
    struct visit *v = s->v, *other;
    struct subrequest_options o = {
        .method = METHOD_GET,
        .path = v->x->req.path,
        .query = v->x->req.query,
        .vars = SUBREQUEST_COPIED_VARS,
        .is_content = true,
    };
    struct proxy_slices *part;

    s->sub = subrequest_new(v, &o);
    if (!s->sub) {
        give_up(s, "no subrequest");
        return;
    }
    other = subrequest_visit(s->sub);
    other->is_captured = true;
    part = pool_new(visit_pool(other), struct proxy_slices);
    *part = (struct proxy_slices){.v = other,
                                  .size = s->size,
                                  .first = s->first,
                                  .total = s->total,
                                  .etag = s->etag,
                                  .is_sub = true};
    other->slices = part;
    s->sub->on_end = on_end;
    s->sub->user = s;
    subrequest_start(s->sub);
}

void proxy_slices_go_on(struct proxy *p)
{
    struct proxy_slices *s = p->v->slices;

    if (p->v->x->is_head)
        exchange_end(p->v->x);
    else if (p->part_left)
        give_up(s, "wrong size");
    else
        go_on(s);
}
