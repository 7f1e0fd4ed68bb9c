/* The parts behind the first: each is a subrequest. What is fetched next stands in `first`. A part
 * that is not what it should be ends the answer: its head has gone out. */
#include "app/proxy/proxy_slices_parts.h"

#include "app/subrequest.h"

static void fetch(struct proxy_slices *s);

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
    int64_t size = proxy_slices_size(s, s->total), skips = MAX(s->begin - s->first, 0);

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
    if (x->state >= EXCHANGE_DONE)
        ; /* the client is gone */
    else if (sub->x->res.status != 206)
        exchange_abort(x, &err_truncated); /* the subrequest has said why */
    else if (sub->is_truncated || (int64_t)sub->body.n != proxy_slices_size(s, s->total))
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
    struct subrequest *sub;

    v->x->user.on_drained = NULL; /* who was waiting before has had its turn */
    sub = subrequest_new(v, &o);
    if (!sub) {
        give_up(s, "no subrequest");
        return;
    }
    other = subrequest_visit(sub);
    other->is_captured = true;
    part = pool_new(visit_pool(other), struct proxy_slices);
    *part = (struct proxy_slices){.v = other,
                                  .size = s->size,
                                  .first = s->first,
                                  .total = s->total,
                                  .etag = s->etag,
                                  .is_sub = true};
    other->slices = part;
    sub->on_end = on_end;
    sub->user = s;
    subrequest_start(sub);
}

void proxy_slices_go_on(struct proxy *p)
{
    struct proxy_slices *s = p->v->slices;

    if (p->v->x->is_head)
        exchange_end(p->v->x);
    else if (p->part_left)
        give_up(s, "wrong size");
    else {
        if (s->begin < s->first) /* the client's Range was not heeded: this part comes later */
            s->first = s->begin - s->begin % s->size - s->size;
        go_on(s);
    }
}
