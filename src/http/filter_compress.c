/* Which responses are compressed is decided with the head (choose): a body is on its way whose type
 * and length make it worthwhile, nobody has encoded it, and the client takes a coding that is
 * configured.
 *
 * The head is held back until the first output: a body that comes in one piece is compressed whole
 * and gets its new length; for any other the length is unknown. What was written in a turn of the
 * loop reaches the client at its end at the latest (on_late), so that a handler that streams is not
 * slowed down by compression, and one that writes much at once is not flushed for each piece.
 *
 * Files have been made bytes of before, a part at a time (http/filter_file). */
#include "http/filter_compress.h"

#include "http/filter.h"
#include "http/filter_file.h"
#include "http/recode.h"
#include "loop/loop.h"
#include "proto/accept.h"
#include "proto/date.h"
#include "proto/status.h"

enum { PASS_LEAST = 16384 };

struct compress_filter {
    struct filter f;
    struct exchange *x;
    const struct compress_settings *settings;
    struct compressor *c; /* NULL: the response passes as it is */
    struct loop_call late;
    struct buf out;
    uint64_t in_bytes, out_bytes;
    bool is_head_held;
    bool is_used;
    bool is_barred; /* this client gets nothing compressed */
};

/* --- what is compressed --- */

static bool has_cache_control(const struct exchange *x, struct slice token)
{
    const struct header *h = header_find_id(&x->res.headers, HEADER_CACHE_CONTROL);

    return h && header_has_token(h->value, token);
}

static bool is_expired(const struct exchange *x)
{
    const struct header *expires = header_find_id(&x->res.headers, HEADER_EXPIRES);
    const struct header *date = header_find_id(&x->res.headers, HEADER_DATE);
    int64_t when, now = x->start_wall_ms / 1000;

    if (!expires)
        return false;
    if (date)
        (void)date_parse(date->value, &now);
    return !date_parse(expires->value, &when) || when < now;
}

/* Does one of the configured conditions hold for a request that came through a proxy? */
static bool may_be_proxied(const struct exchange *x, unsigned when)
{
    const struct header_list *headers = &x->res.headers;
    static const struct {
        unsigned flag;
        struct slice token;
    } tokens[] = {
        {COMPRESS_PROXIED_NO_CACHE, SLICE("no-cache")},
        {COMPRESS_PROXIED_NO_STORE, SLICE("no-store")},
        {COMPRESS_PROXIED_PRIVATE, SLICE("private")},
    };

    if (when & COMPRESS_PROXIED_ANY)
        return true;
    if ((when & COMPRESS_PROXIED_AUTH) && header_find_id(&x->req.headers, HEADER_AUTHORIZATION))
        return true;
    if ((when & COMPRESS_PROXIED_EXPIRED) && is_expired(x))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        if ((when & tokens[i].flag) && has_cache_control(x, tokens[i].token))
            return true;
    }
    return ((when & COMPRESS_PROXIED_NO_LAST_MODIFIED) &&
            !header_find_id(headers, HEADER_LAST_MODIFIED)) ||
           ((when & COMPRESS_PROXIED_NO_ETAG) && !header_find_id(headers, HEADER_ETAG));
}

/* Is there a body that may be encoded at all, or a part of one, whoever asks? */
static bool is_encodable(const struct exchange *x)
{
    return status_can_have_body(x->res.status) && x->res.content_length != 0 &&
           !header_find_id(&x->res.headers, HEADER_CONTENT_ENCODING) &&
           !has_cache_control(x, SLICE("no-transform"));
}

/* Of a part the length of the whole is not known here, of several parts neither is its type. */
static bool is_worth_it(const struct exchange *x, const struct compress_rule *rule)
{
    const struct header *h = header_find_id(&x->res.headers, HEADER_CONTENT_TYPE);
    struct slice type = h ? h->value : SLICE_EMPTY;
    bool is_part = x->res.status == 206;

    return rule->is_on &&
           (is_part || x->res.content_length < 0 || x->res.content_length >= rule->min_length) &&
           (media_set_has(&rule->types, type) ||
            (is_part && slice_has_prefix(type, SLICE("multipart/byteranges"))));
}

bool filter_compress_is_client_fit(const struct exchange *x, const struct compress_settings *s)
{
    const struct request *req = &x->req;

    if (!s->takes_http10 && req->version_major == 1 && req->version_minor == 0)
        return false;
    return !header_find_id(&req->headers, HEADER_VIA) || may_be_proxied(x, s->proxied);
}

/* The coding for this response, CODING_COUNT when there is none, as for parts (206). *depends_out:
 * another client might get another, or the whole in one (RFC 9110 section 15.3.7). */
static enum coding choose(const struct exchange *x, const struct compress_settings *s,
                          bool *depends_out)
{
    enum coding best = CODING_COUNT;
    int best_weight = 0;

    *depends_out = false;
    if (!is_encodable(x))
        return CODING_COUNT;
    for (enum coding i = 0; i < CODING_COUNT; i++) {
        int weight;

        if (!is_worth_it(x, &s->rules[i]))
            continue;
        *depends_out = true;
        weight = accept_encoding_wish(&x->req.headers, coding_name(i));
        if (weight > best_weight) {
            best_weight = weight;
            best = i;
        }
    }
    if (x->is_head || x->res.status == 206 || !filter_compress_is_client_fit(x, s))
        return CODING_COUNT;
    return best;
}

/* --- the head --- */

/* Says Vary where it matters; the coding, as of choose. */
static enum coding vary(const struct compress_filter *f, struct exchange *x)
{
    bool depends;
    enum coding coding = choose(x, f->settings, &depends);

    if (depends && f->settings->has_vary)
        recode_vary(x);
    return f->is_barred ? CODING_COUNT : coding;
}

static void release_head(struct compress_filter *f)
{
    if (!f->is_head_held)
        return;
    f->is_head_held = false;
    exchange_pass_head(f->x, f->f.next);
}

static void on_head(struct filter *filter, struct exchange *x)
{
    struct compress_filter *f = CONTAINER_OF(filter, struct compress_filter, f);
    enum coding coding = vary(f, x);

    if (coding == CODING_COUNT) {
        exchange_pass_head(x, filter->next);
        return;
    }
    filter_file_add(x);
    f->c = compressor_new(coding, f->settings->rules[coding].level, x->res.content_length);
    f->is_used = true;
    f->is_head_held = true;
    recode_head(x, coding_name(coding));
    loop_at_end(&f->late);
}

/* --- the body --- */

static void pass(struct compress_filter *f, bool is_flush)
{
    struct chunk c = CHUNK_BYTES(buf_slice(&f->out));

    release_head(f);
    c.is_flush = is_flush;
    f->out_bytes += f->out.n;
    exchange_pass_body(f->x, f->f.next, &c);
    f->out.n = 0;
}

static void take(struct compress_filter *f, struct slice bytes)
{
    f->in_bytes += bytes.n;
    compressor_write(f->c, bytes, COMPRESS_MORE, &f->out);
    if (f->out.n >= PASS_LEAST)
        pass(f, false);
}

static void finish(struct compress_filter *f)
{
    struct chunk last;

    compressor_write(f->c, SLICE_EMPTY, COMPRESS_END, &f->out);
    compressor_free(&f->c);
    loop_cancel(&f->late);
    f->out_bytes += f->out.n;
    if (f->is_head_held)
        f->x->res.content_length = (int64_t)f->out.n;
    release_head(f);
    last = CHUNK_LAST(buf_slice(&f->out));
    exchange_pass_body(f->x, f->f.next, &last);
}

static void flush(struct compress_filter *f)
{
    compressor_write(f->c, SLICE_EMPTY, COMPRESS_FLUSH, &f->out);
    loop_cancel(&f->late);
    pass(f, true);
}

static void on_late(struct loop_call *call)
{
    struct compress_filter *f = CONTAINER_OF(call, struct compress_filter, late);

    if (f->x->paused)
        return;
    if (f->in_bytes > 0)
        flush(f);
    else
        release_head(f);
}

/* A piece has been taken. */
static void end_piece(struct compress_filter *f, bool is_last, bool is_flush)
{
    if (is_last)
        finish(f);
    else if (is_flush)
        flush(f);
    else if (!loop_call_is_queued(&f->late))
        loop_at_end(&f->late);
}

static void on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct compress_filter *f = CONTAINER_OF(filter, struct compress_filter, f);

    if (!f->c) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    if (c->bytes.n > 0)
        take(f, c->bytes);
    end_piece(f, c->is_last, c->is_flush);
}

/* --- life --- */

static const struct filter_ops ops = {"compress", on_head, on_body, NULL};

/* NULL: it is one of another kind. */
static struct compress_filter *filter_of(const struct filter *f)
{
    return f->ops == &ops ? CONTAINER_OF(f, struct compress_filter, f) : NULL;
}

static void on_pool_reset(void *arg)
{
    struct compress_filter *f = arg;

    loop_cancel(&f->late);
    compressor_free(&f->c);
    buf_free(&f->out);
}

void filter_compress_add(struct exchange *x, const struct compress_settings *s, bool is_barred)
{
    struct compress_filter *f = pool_new(&x->pool, struct compress_filter);

    f->x = x;
    f->settings = s;
    f->is_barred = is_barred;
    f->out = BUF_EMPTY;
    loop_call_init(&f->late, on_late);
    pool_on_reset(&x->pool, on_pool_reset, f);
    filter_append(x, &f->f, &ops);
}

void filter_compress_unmodified(struct exchange *x)
{
    if (x->res.status != 200)
        return;
    for (const struct filter *i = x->filters; i; i = i->next) {
        const struct compress_filter *f = filter_of(i);

        if (f && vary(f, x) != CODING_COUNT) {
            recode_etag(x);
            return;
        }
    }
}

bool filter_compress_ratio(const struct exchange *x, uint64_t *in_out, uint64_t *out_out)
{
    for (const struct filter *i = x->filters; i; i = i->next) {
        const struct compress_filter *f = filter_of(i);

        if (!f || !f->is_used)
            continue;
        *in_out = f->in_bytes;
        *out_out = f->out_bytes;
        return true;
    }
    return false;
}
