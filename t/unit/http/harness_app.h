/* The app of the harness. */
#ifndef T_UNIT_HTTP_HARNESS_APP_H
#define T_UNIT_HTTP_HARNESS_APP_H

#include <stdlib.h>

/* Work for a later turn, in the exchange's pool. */
struct job {
    struct loop_call call;
    struct exchange *x;
    size_t left; /* bytes or pieces still to be produced */
};

static inline void app_on_done(struct exchange *x)
{
    seen.done++;
    seen.aborted += x->state == EXCHANGE_ABORTED;
    seen.bytes_sent = x->bytes_sent;
    seen.body_bytes_sent = x->body_bytes_sent;
    seen.request_length = x->request_length;
    if (seen.kept == x)
        seen.kept = NULL;
    if (x->app)
        loop_cancel(&((struct job *)x->app)->call);
}

static inline void app_on_cancel(struct exchange *x, const struct err *why)
{
    (void)x;
    seen.cancelled++;
    seen.cancel_err = why;
}

static inline struct job *app_job(struct exchange *x, void (*fn)(struct loop_call *call))
{
    struct job *j = pool_new(&x->pool, struct job);

    j->x = x;
    loop_call_init(&j->call, fn);
    x->app = j;
    return j;
}

static inline void app_answer_later(struct loop_call *call)
{
    exchange_respond(CONTAINER_OF(call, struct job, call)->x, SLICE("later"));
}

/* /stream/N: N bytes in pieces of 1000, pausing when congested. */
static inline void app_produce(struct exchange *x)
{
    static char piece[1000];
    struct job *j = x->app;

    memset(piece, 's', sizeof(piece));
    while (j->left) {
        size_t n = j->left < sizeof(piece) ? j->left : sizeof(piece);

        if (exchange_is_congested(x)) {
            seen.congested++;
            exchange_wait_drained(x, false);
            return;
        }
        j->left -= n;
        exchange_write(x, &CHUNK_BYTES(slice_of(piece, n)));
    }
    exchange_end(x);
}

static inline void app_respond_n(struct exchange *x, size_t n)
{
    char *p = mem_alloc(n + 1);

    memset(p, 'b', n);
    exchange_respond(x, slice_of(p, n));
    mem_free(p);
}

static inline void app_body_error(struct exchange *x)
{
    seen.body_err = x->body_err;
    x->res.status = x->body_err == &err_too_large ? 413 : x->body_err == &err_timeout ? 408 : 400;
    exchange_respond(x, SLICE("body failed"));
}

static inline void app_on_spool(struct exchange *x, struct body_spool *s)
{
    if (s->state == BODY_FAILED)
        app_body_error(x);
    else
        exchange_respond(x, buf_slice(&s->memory));
}

/* /count: how many body bytes there were. */
static inline void app_count(struct exchange *x)
{
    enum body_result r;
    struct slice piece;

    while ((r = exchange_read_body(x, &piece)) == BODY_DATA)
        seen.received += piece.n;
    if (r == BODY_WAIT)
        exchange_wait_body(x);
    else if (r == BODY_FAILED)
        app_body_error(x);
    else
        exchange_respond(x, pool_printf(&x->pool, "counted %zu", seen.received));
}

/* /start: the head and one piece, then nothing more. */
static inline void app_start_only(struct exchange *x)
{
    exchange_start(x);
    exchange_write(x, &CHUNK_BYTES(SLICE("first")));
    seen.kept = x;
}

static inline void app_pieces(struct exchange *x, struct slice path)
{
    if (slice_has_prefix(path, SLICE("/stream/"))) {
        app_job(x, NULL)->left = strtoul(path.p + 8, NULL, 10);
        x->user.on_drained = app_produce;
        app_produce(x);
    } else if (slice_has_prefix(path, SLICE("/promise/"))) { /* a length of 10, that much of it */
        x->res.content_length = 10;
        exchange_write(x,
                       &CHUNK_BYTES(slice_of("0123456789abcdef", strtoul(path.p + 9, NULL, 10))));
        if (x->state != EXCHANGE_ABORTED)
            exchange_end(x);
    } else if (slice_eq(path, SLICE("/start"))) {
        app_start_only(x);
    } else {
        x->res.status = 404;
        exchange_respond(x, SLICE("not found"));
    }
}

static inline void app_bodies(struct exchange *x, struct slice path)
{
    if (slice_eq(path, SLICE("/echo"))) {
        struct body_spool *s = body_spool_start(x, app_on_spool, NULL);

        if (s->state != BODY_WAIT)
            app_on_spool(x, s);
    } else if (slice_eq(path, SLICE("/count"))) {
        x->user.on_body = app_count;
        app_count(x);
    } else if (slice_eq(path, SLICE("/lazy"))) { /* waits before it has tried */
        x->user.on_body = app_count;
        exchange_wait_body(x);
    } else {
        app_pieces(x, path);
    }
}

void harness_app(struct exchange *x, void *user)
{
    struct slice path = pool_dup(&x->pool, x->req.path);

    (void)user;
    seen.requests++;
    x->user = (struct exchange_user){.on_done = app_on_done, .on_cancel = app_on_cancel};
    if (slice_eq(path, SLICE("/hello")))
        exchange_respond(x, SLICE("hello"));
    else if (slice_eq(path, SLICE("/later")))
        loop_next(&app_job(x, app_answer_later)->call);
    else if (slice_eq(path, SLICE("/keep")))
        seen.kept = x;
    else if (slice_has_prefix(path, SLICE("/big/")))
        app_respond_n(x, strtoul(path.p + 5, NULL, 10));
    else
        app_bodies(x, path);
}

void harness_bad(struct exchange *x, int status, void *user)
{
    (void)user;
    seen.bad++;
    seen.bad_status = status;
    x->user.on_done = app_on_done;
    x->res.status = status;
    exchange_respond(x, SLICE("bad"));
}

#endif
