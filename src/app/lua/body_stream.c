/* exchange_read_body behind the interface of streams. A piece that is larger than the reader's room
 * is valid until the next read of any exchange only, so what is left of it is copied.
 *
 * exchange_wait_body tells once, a stream's watcher is told as long as there is something: so the
 * wait is renewed by each read (arm), and by whoever begins to watch. Also where one is on already:
 * a read may have brought more than it gave, of which no event tells. */
#include "app/lua/body_stream.h"

#include "app/lua/lua_visit.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"

struct body_stream {
    struct stream stream;
    struct visit *visit;
    struct buf rest;
    size_t at; /* of rest: handed out up to here */
    bool has_ended, is_watched;
    struct loop_call call;
};

/* What OpenResty calls a body that ends too early. */
static const struct err err_client_aborted = {"client_aborted", "client aborted"};

static struct body_stream *of(const struct stream *s)
{
    return CONTAINER_OF(s, struct body_stream, stream);
}

static void tell(struct body_stream *b)
{
    if (b->is_watched)
        b->stream.on_ready(&b->stream, IO_READ);
}

static void on_call(struct loop_call *call)
{
    tell(CONTAINER_OF(call, struct body_stream, call));
}

static void on_body(struct exchange *x)
{
    struct body_stream *b = lua_visit_of(visit_of(x))->body_stream;

    if (b)
        tell(b);
}

static void arm(struct body_stream *b)
{
    if (!b->is_watched)
        return;
    if (b->rest.n || b->has_ended || b->stream.err || b->visit->x->state >= EXCHANGE_DONE)
        loop_next(&b->call);
    else
        exchange_wait_body(b->visit->x);
}

/* From what is left of the last piece. */
static ssize_t take_rest(struct body_stream *b, void *p, size_t n)
{
    n = MIN(n, b->rest.n - b->at);
    memcpy(p, b->rest.p + b->at, n);
    b->at += n;
    if (b->at == b->rest.n) {
        buf_free(&b->rest);
        b->at = 0;
    }
    return (ssize_t)n;
}

static ssize_t fail(struct body_stream *b)
{
    const struct err *why = b->visit->x->body_err;

    b->stream.err = !why || why == &err_truncated ? &err_client_aborted : why;
    return STREAM_FAILED;
}

static ssize_t take(struct body_stream *b, void *p, size_t n)
{
    struct slice data;

    if (b->rest.n)
        return take_rest(b, p, n);
    if (b->has_ended)
        return 0;
    switch (exchange_read_body(b->visit->x, &data)) {
    case BODY_DATA:
        if (data.n > n)
            buf_add_slice(&b->rest, slice_from(data, n));
        memcpy(p, data.p, MIN(n, data.n));
        return (ssize_t)MIN(n, data.n);
    case BODY_WAIT:
        return STREAM_AGAIN;
    case BODY_END:
        b->has_ended = true;
        return 0;
    default:
        return fail(b);
    }
}

static ssize_t read_body(struct stream *s, void *p, size_t n)
{
    ssize_t got = s->err ? STREAM_FAILED : take(of(s), p, n);

    arm(of(s));
    return got;
}

static ssize_t write_nothing(struct stream *s, const struct iovec *iov, int n)
{
    UNUSED(iov);
    UNUSED(n);
    s->err = &err_invalid;
    return STREAM_FAILED;
}

static void watch(struct stream *s, int events)
{
    of(s)->is_watched = (events & IO_READ) != 0;
    arm(of(s));
}

static void shut_nothing(struct stream *s)
{
    UNUSED(s);
}

static void close_body(struct stream *s, bool reset)
{
    struct body_stream *b = of(s);
    struct exchange *x = b->visit->x;

    UNUSED(reset);
    lua_visit_of(b->visit)->body_stream = NULL;
    if (x->user.on_body == on_body)
        x->user.on_body = NULL;
    loop_cancel(&b->call);
    buf_free(&b->rest);
    mem_free(b);
}

static int descriptor(const struct stream *s)
{
    return exchange_socket(of(s)->visit->x);
}

static const struct stream_ops ops = {
    .read = read_body,
    .writev = write_nothing,
    .watch = watch,
    .shutdown = shut_nothing,
    .close = close_body,
    .fd = descriptor,
};

/* The first read tells the client to go on, which has to come before an answer begins. */
static void go_on(struct body_stream *b)
{
    struct slice data;

    if (exchange_read_body(b->visit->x, &data) == BODY_DATA)
        buf_add_slice(&b->rest, data);
}

struct stream *body_stream_new(struct visit *v)
{
    struct body_stream *b = mem_new(struct body_stream);

    b->stream.ops = &ops;
    b->visit = v;
    b->rest = BUF_EMPTY;
    loop_call_init(&b->call, on_call);
    lua_visit_of(v)->body_stream = b;
    v->x->user.on_body = on_body;
    if (v->x->req.expects_continue)
        go_on(b);
    return &b->stream;
}

void body_stream_wake(struct visit *v)
{
    struct body_stream *b = lua_visit_of(v)->body_stream;

    if (b)
        loop_next(&b->call);
}
