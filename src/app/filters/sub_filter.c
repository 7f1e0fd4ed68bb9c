/* The filter in front of proto/replace. Which responses it is for is decided with the head: by
 * their type, not those that are compressed, and no parts of something. Strings are evaluated
 * then. */
#include "app/filters/sub_filter.h"

#include "app/variables/script.h"
#include "app/visit.h"
#include "http/filter.h"
#include "http/filter_file.h"
#include "http/recode.h"
#include "proto/replace.h"
#include "proto/status.h"

const struct sub_conf sub_defaults = {.is_once = true};

struct sub_filter {
    struct filter f;
    struct replace r; /* n == 0: the response passes as it is */
    struct buf out;
};

/* A string that turns out empty is found nowhere. */
static void prepare(struct visit *v, struct replace *r, const struct sub_conf *c)
{
    struct replace_pair *pairs;
    unsigned n = 0;

    for (const struct sub_pair *p = c->pairs; p; p = p->next)
        n++;
    pairs = pool_zalloc(visit_pool(v), n * sizeof(*pairs));
    n = 0;
    for (const struct sub_pair *p = c->pairs; p; p = p->next) {
        pairs[n].from = pool_lower(visit_pool(v), script_eval(p->from, v));
        pairs[n].to = pool_dup(visit_pool(v), script_eval(p->to, v));
        n += pairs[n].from.n > 0;
    }
    replace_init(r, pairs, n, c->is_once);
}

bool sub_filter_is_meant(const struct visit *v)
{
    const struct exchange *x = v->x;
    const struct sub_conf *c = v->loc->sub;
    const struct header *type = header_find_id(&x->res.headers, HEADER_CONTENT_TYPE);

    return c && c->pairs && status_can_have_body(x->res.status) && x->res.status != 206 &&
           x->res.content_length != 0 && type && media_set_has(&c->types, type->value) &&
           !header_find_id(&x->res.headers, HEADER_CONTENT_ENCODING);
}

/* A validator that another text has, too, is none. */
static void forget_validators(struct exchange *x)
{
    x->res.last_modified = -1;
    header_remove_id(&x->res.headers, HEADER_LAST_MODIFIED);
    header_remove_id(&x->res.headers, HEADER_ETAG);
}

static void on_head(struct filter *filter, struct exchange *x)
{
    struct sub_filter *f = CONTAINER_OF(filter, struct sub_filter, f);
    struct visit *v = visit_of(x);
    const struct sub_conf *c = v->loc->sub;

    if (sub_filter_is_meant(v))
        prepare(v, &f->r, c);
    if (f->r.n) {
        filter_file_add(x);
        if (!c->keeps_modified)
            forget_validators(x);
        recode_head(x, SLICE_EMPTY);
    }
    exchange_pass_head(x, filter->next);
}

static void on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct sub_filter *f = CONTAINER_OF(filter, struct sub_filter, f);
    struct chunk part;

    if (f->r.n == 0 || x->is_head) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    f->out.n = 0;
    replace_feed(&f->r, c->bytes, c->is_last, &f->out);
    part = CHUNK_BYTES(buf_slice(&f->out));
    part.is_last = c->is_last;
    part.is_flush = c->is_flush;
    exchange_pass_body(x, filter->next, &part);
}

static void on_pool_reset(void *arg)
{
    struct sub_filter *f = arg;

    replace_free(&f->r);
    buf_free(&f->out);
}

void sub_filter_add(struct visit *v)
{
    static const struct filter_ops ops = {"sub", on_head, on_body, NULL};
    struct sub_filter *f;

    if (!v->loc->sub)
        return;
    f = pool_new(visit_pool(v), struct sub_filter);
    pool_on_reset(visit_pool(v), on_pool_reset, f);
    filter_append(v->x, &f->f, &ops);
}
