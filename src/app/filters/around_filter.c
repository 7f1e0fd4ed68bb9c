/* Each text is made when its turn comes. */
#include "app/filters/around_filter.h"

#include "proto/status.h"

struct around_filter {
    struct filter f;
    bool is_on, has_begun;
};

static const struct around_user *user_of(const struct filter *f)
{
    return CONTAINER_OF(f->ops, struct around_user, ops);
}

void around_filter_on_head(struct filter *filter, struct exchange *x)
{
    struct around_filter *f = CONTAINER_OF(filter, struct around_filter, f);

    f->is_on = status_can_have_body(x->res.status) && x->res.status != 206 &&
               user_of(filter)->is_meant(visit_of(x));
    if (f->is_on) {
        x->res.content_length = -1;
        header_remove_id(&x->res.headers, HEADER_ACCEPT_RANGES);
    }
    exchange_pass_head(x, filter->next);
}

static void pass_text(struct filter *f, struct exchange *x, bool is_behind)
{
    struct buf text = BUF_EMPTY;
    struct chunk c;

    user_of(f)->add_text(visit_of(x), is_behind, &text);
    c = CHUNK_BYTES(buf_slice(&text));
    c.is_last = is_behind;
    if (text.n || is_behind)
        exchange_pass_body(x, f->next, &c);
    buf_free(&text);
}

void around_filter_on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct around_filter *f = CONTAINER_OF(filter, struct around_filter, f);
    struct chunk part = *c;

    if (!f->is_on || x->is_head) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    exchange_hold(x);
    if (!f->has_begun)
        pass_text(filter, x, false);
    f->has_begun = true;
    part.is_last = false;
    if (part.bytes.n || part.fd >= 0 || part.is_flush)
        exchange_pass_body(x, filter->next, &part);
    if (c->is_last)
        pass_text(filter, x, true);
    exchange_release(x);
}

void around_filter_add(struct visit *v, const struct around_user *user)
{
    struct around_filter *f = pool_new(visit_pool(v), struct around_filter);

    filter_append(v->x, &f->f, &user->ops);
}
