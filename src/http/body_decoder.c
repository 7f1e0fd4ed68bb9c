/* Between the transport and whoever reads. A piece that has come is decoded a part at a time, so a
 * small body that stands for a huge one costs no more memory than the reader takes, and the limits
 * look at the sum: its size, and how many times more it is than what was sent. The ratio counts
 * from RATIO_FROM bytes on, because short texts may well be mostly the same character. */
#include "http/body_decoder.h"

#include "http/exchange_transport.h"
#include "loop/loop.h"
#include "proto/content_decoder.h"

enum { RATIO_FROM = 65536 };

struct body_decoder {
    struct exchange *x;
    struct content_decoder *d;
    struct body_limits limits;
    struct buf out;
    int64_t received, made;
    bool has_input_end;
    struct loop_call call;
};

static void on_call(struct loop_call *call)
{
    exchange_notify_body(CONTAINER_OF(call, struct body_decoder, call)->x);
}

static void on_pool_reset(void *arg)
{
    struct body_decoder *b = arg;

    loop_cancel(&b->call);
    content_decoder_free(&b->d);
    buf_free(&b->out);
}

/* The values of all Content-Encoding fields as one. */
static struct slice codings_of(struct exchange *x)
{
    const struct header_list *l = &x->req.headers;
    struct slice all = SLICE_EMPTY;

    for (unsigned i = 0; i < l->n; i++) {
        if (l->fields[i].id != HEADER_CONTENT_ENCODING)
            continue;
        all = all.n ? pool_printf(&x->pool, SLICE_FMT ", " SLICE_FMT, SLICE_ARG(all),
                                  SLICE_ARG(l->fields[i].value))
                    : l->fields[i].value;
    }
    return all;
}

static bool is_identity(struct slice codings)
{
    while (codings.p) {
        struct slice name = slice_trim(slice_cut(&codings, ','));

        if (name.n && !slice_ieq(name, SLICE("identity")))
            return false;
    }
    return true;
}

static enum body_result fail(struct exchange *x, const struct err *why, const char *text)
{
    log_write(&x->log, LOG_INFO, "client request body: %s", text);
    x->body_err = why;
    return BODY_FAILED;
}

static bool is_beyond_ratio(const struct body_decoder *b)
{
    return b->limits.max_ratio && b->made > RATIO_FROM &&
           b->made / b->limits.max_ratio > b->received;
}

/* Decodes a part of `in` and of what is there already. BODY_WAIT: nothing came out. */
static enum body_result decode(struct body_decoder *b, struct slice in, struct slice *data)
{
    const struct err *why;

    if (b->has_input_end && b->received == 0)
        return BODY_END; /* no body, no coding */
    b->out.n = 0;
    b->received += (int64_t)in.n;
    why = content_decoder_feed(b->d, in, b->has_input_end, &b->out);
    if (why)
        return fail(b->x, why, "malformed content coding");
    b->made += (int64_t)b->out.n;
    if (b->limits.max_size > 0 && b->made > b->limits.max_size)
        return fail(b->x, &err_too_large, "too large once it is decoded");
    if (is_beyond_ratio(b))
        return fail(b->x, &err_too_large, "decodes to too many times its size");
    *data = buf_slice(&b->out);
    if (data->n)
        return BODY_DATA;
    return b->has_input_end && !content_decoder_has_more(b->d) ? BODY_END : BODY_WAIT;
}

static enum body_result read_body(struct exchange *x, struct slice *data)
{
    struct body_decoder *b = x->reader_data;

    for (;;) {
        struct slice in = SLICE_EMPTY;
        enum body_result r;

        if (!b->has_input_end && !content_decoder_has_more(b->d)) {
            r = x->transport->read_body(x, &in);
            if (r == BODY_WAIT || r == BODY_FAILED)
                return r;
            b->has_input_end = r == BODY_END;
        }
        r = decode(b, in, data);
        if (r != BODY_WAIT)
            return r;
    }
}

static bool wait_body(struct exchange *x)
{
    struct body_decoder *b = x->reader_data;

    if (!b->has_input_end && !content_decoder_has_more(b->d))
        return false;
    loop_next(&b->call);
    return true;
}

static const struct body_reader reader = {read_body, wait_body};

const struct err *body_decoder_start(struct exchange *x, struct body_limits limits)
{
    struct slice codings = codings_of(x);
    struct content_decoder *d;
    struct body_decoder *b;

    if (x->reader || is_identity(codings))
        return NULL;
    if (x->has_body_read)
        return &err_busy;
    d = content_decoder_new(codings);
    if (!d) {
        x->body_err = &err_unsupported;
        return x->body_err;
    }
    b = pool_new(&x->pool, struct body_decoder);
    b->x = x;
    b->d = d;
    b->limits = limits;
    loop_call_init(&b->call, on_call);
    pool_on_reset(&x->pool, on_pool_reset, b);
    x->reader = &reader;
    x->reader_data = b;
    header_remove_id(&x->req.headers, HEADER_CONTENT_ENCODING);
    header_remove_id(&x->req.headers, HEADER_CONTENT_LENGTH);
    x->req.has_unsized_body |= x->req.content_length > 0;
    x->req.content_length = -1;
    return NULL;
}
