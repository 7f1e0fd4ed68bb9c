/* Which responses are decoded is decided with the head: a whole body (a part of one cannot be
 * decoded) in codings that are known, one of which the client does not take.
 *
 * A short input may stand for a very long output. So a piece is decoded a part at a time, and when
 * the client does not keep up the rest of it waits (go_on): `in` has what came meanwhile. */
#include "http/filter_gunzip.h"

#include "http/filter.h"
#include "http/filter_file.h"
#include "http/recode.h"
#include "proto/accept.h"
#include "proto/content_decoder.h"
#include "proto/status.h"

struct gunzip_filter {
    struct filter f;
    struct content_decoder *d; /* NULL: the response passes as it is */
    struct buf in, out;
    bool has_vary;
    bool is_paused, is_flush, is_last; /* of what is in `in` */
};

/* Does the client take every coding of the field? */
static bool is_welcome(const struct exchange *x, struct slice codings)
{
    while (codings.p) {
        struct slice coding = slice_trim(slice_cut(&codings, ','));

        if (coding.n && accept_encoding_weight(&x->req.headers, coding) == 0)
            return false;
    }
    return true;
}

static void on_head(struct filter *filter, struct exchange *x)
{
    struct gunzip_filter *f = CONTAINER_OF(filter, struct gunzip_filter, f);
    const struct header *h = header_find_id(&x->res.headers, HEADER_CONTENT_ENCODING);
    struct slice codings = h ? h->value : SLICE_EMPTY;

    if (codings.n && status_can_have_body(x->res.status) && x->res.status != 206) {
        if (f->has_vary)
            recode_vary(x);
        if (!is_welcome(x, codings))
            f->d = content_decoder_new(codings);
    }
    if (f->d) {
        filter_file_add(x);
        recode_head(x, SLICE_EMPTY);
    }
    exchange_pass_head(x, filter->next);
}

static void fail(struct exchange *x, const struct err *why)
{
    log_write(&x->log, LOG_ERROR, "a response could not be decoded: %s", why->message);
    exchange_abort(x, why);
}

/* Decodes a part and passes it on. False: no more can be made of what has come. */
static bool pass_part(struct gunzip_filter *f, struct exchange *x)
{
    const struct err *why = content_decoder_feed(f->d, buf_slice(&f->in), f->is_last, &f->out);
    bool has_more;
    struct chunk part;

    f->in.n = 0;
    if (why) {
        fail(x, why);
        return false;
    }
    has_more = content_decoder_has_more(f->d);
    part = CHUNK_BYTES(buf_slice(&f->out));
    part.is_last = f->is_last && !has_more;
    part.is_flush = f->is_flush && !has_more;
    f->is_flush &= has_more;
    exchange_pass_body(x, f->f.next, &part);
    f->out.n = 0;
    return has_more;
}

/* As far as the client keeps up. */
static void go_on(struct gunzip_filter *f, struct exchange *x)
{
    exchange_hold(x);
    while (pass_part(f, x) && x->state < EXCHANGE_DONE && !x->is_complete)
        if (exchange_is_congested(x)) {
            f->is_paused = true;
            filter_pause(&f->f, x);
            break;
        }
    exchange_release(x);
}

static void on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct gunzip_filter *f = CONTAINER_OF(filter, struct gunzip_filter, f);

    if (!f->d || x->is_head) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    buf_add_slice(&f->in, c->bytes);
    f->is_last |= c->is_last;
    f->is_flush |= c->is_flush;
    if (!f->is_paused)
        go_on(f, x);
}

static void on_resume(struct filter *filter, struct exchange *x)
{
    struct gunzip_filter *f = CONTAINER_OF(filter, struct gunzip_filter, f);

    f->is_paused = false;
    go_on(f, x);
}

static void on_pool_reset(void *arg)
{
    struct gunzip_filter *f = arg;

    content_decoder_free(&f->d);
    buf_free(&f->in);
    buf_free(&f->out);
}

static const struct filter_ops ops = {"gunzip", on_head, on_body, on_resume};

bool filter_gunzip_will_decode(const struct exchange *x)
{
    const struct header *h = header_find_id(&x->res.headers, HEADER_CONTENT_ENCODING);

    for (const struct filter *f = x->filters; h && f; f = f->next)
        if (f->ops == &ops)
            return !is_welcome(x, h->value);
    return false;
}

void filter_gunzip_add(struct exchange *x, bool has_vary)
{
    struct gunzip_filter *f = pool_new(&x->pool, struct gunzip_filter);

    f->has_vary = has_vary;
    pool_on_reset(&x->pool, on_pool_reset, f);
    filter_append(x, &f->f, &ops);
}
