/* The server goes on sending behind the end of the part: whether that is read depends on who wants
 * it, see proxy_pump. */
#include "app/proxy/proxy_range.h"

#include "app/files/file_send.h"
#include "app/proxy/proxy_slices.h"

static bool is_forced(const struct proxy *p)
{
    return (p->conf->flags & PROXY_FORCE_RANGES) != 0;
}

static bool is_whole(const struct proxy *p, bool is_kept)
{
    const struct response *r = &p->v->x->res;

    return r->status == 200 && r->content_length >= 0 &&
           (is_forced(p) || is_kept || proxy_slices_is_first(p->v));
}

bool proxy_range_begin(struct proxy *p, bool is_kept)
{
    struct visit *v = p->v;
    struct response *r = &v->x->res;
    const struct range *ranges;
    unsigned n;

    if (!is_whole(p, is_kept))
        return true;
    switch (file_send_find(v, r->content_length, header_value(&v->x->res.headers, HEADER_ETAG),
                           r->last_modified, &ranges, &n)) {
    case RANGE_UNSATISFIABLE:
        return false;
    case RANGE_SOME:
        if (n > 1)
            break;
        p->part = ranges;
        p->part_skips = ranges->first;
        p->part_left = ranges->size;
        if (proxy_slices_is_first(v))
            proxy_slices_limit(p, ranges);
        file_send_tell_part(v, ranges, r->content_length);
        r->content_length = ranges->size;
        return true;
    case RANGE_NONE:
        break;
    }
    if (is_forced(p) || proxy_slices_is_first(v))
        file_send_tell_ranges(v);
    return true;
}

bool proxy_range_cut(struct proxy *p, struct slice *bytes)
{
    int64_t n = (int64_t)bytes->n, skipped = MIN(n, p->part_skips);
    int64_t taken = MIN(n - skipped, p->part_left);

    p->part_skips -= skipped;
    p->part_left -= taken;
    *bytes = slice_of(bytes->p + skipped, (size_t)taken);
    return p->part_left == 0;
}
