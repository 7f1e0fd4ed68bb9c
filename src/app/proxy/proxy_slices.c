/* Which part is fetched, and what its head must be like. */
#include "app/proxy/proxy_slices_parts.h"
#include "base/num.h"

/* --- which part --- */

/* Where a single range begins that the client has asked for, whether that will be heeded or not. */
static int64_t start_of(const struct visit *v)
{
    const struct header_list *l = &v->x->req.headers;
    const struct header *h = header_find_id(l, HEADER_RANGE);
    struct slice rest = h ? h->value : SLICE_EMPTY, unit = slice_cut(&rest, '=');
    int64_t n;

    if (header_find_id(l, HEADER_IF_RANGE) || !slice_ieq(unit, SLICE("bytes")) || !rest.p ||
        slice_find(rest, ',') >= 0 || !num_parse_u63(slice_trim(slice_cut(&rest, '-')), &n) ||
        n > INT64_MAX - v->loc->slice_size)
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

/* NULL: it is the head of the part, whose body has `size` bytes (-1: nobody knows). */
static const char *fault_of(const struct proxy_slices *s, const struct client_response *up,
                            int64_t size, int64_t *total)
{
    const struct header *h = header_find_id(&up->headers, HEADER_CONTENT_RANGE);
    struct range r;

    if (up->status != 206)
        return "unexpected status code";
    if (!h || !range_parse_content(h->value, &r, total) || *total > INT64_MAX - s->size)
        return "invalid range";
    if (r.first != s->first || r.size != proxy_slices_size(s, *total) ||
        (s->total >= 0 && *total != s->total))
        return "unexpected range";
    if (size >= 0 && size != r.size)
        return "wrong size";
    if (s->is_sub && !slice_eq(header_value(&up->headers, HEADER_ETAG), s->etag))
        return "etag mismatch";
    return NULL;
}

bool proxy_slices_accepts(struct proxy *p, const struct client_response *up, int64_t size)
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
    fault = fault_of(s, up, size, &total);
    if (fault) {
        log_write(&v->x->log, LOG_ERROR, "%s in slice response: status %d, slice at %lld", fault,
                  up->status, (long long)s->first);
        return false;
    }
    s->total = total;
    s->etag = pool_dup(visit_pool(v), header_value(&up->headers, HEADER_ETAG));
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

    if (r->status == 206) { /* in an error page it is the error's */
        r->status = 200;
        r->reason = SLICE_EMPTY;
    }
    r->content_length = s->total;
    header_remove_id(&r->headers, HEADER_CONTENT_RANGE);
    header_remove_id(&r->headers, HEADER_ACCEPT_RANGES);
    proxy_slices_limit(p, &(struct range){.first = 0, .size = s->total});
}

void proxy_slices_limit(struct proxy *p, const struct range *part)
{
    struct proxy_slices *s = p->v->slices;
    int64_t size = proxy_slices_size(s, s->total);

    s->begin = part->first;
    s->end = part->first + part->size;
    p->part_skips = MIN(MAX(s->begin - s->first, 0), size);
    p->part_left = MAX(MIN(s->end - s->first, size) - p->part_skips, 0);
    if (s->begin < s->first) /* its turn comes later, see proxy_slices_go_on */
        p->part_left = 0;
}
