/* Bytes of a connection in both directions, and its life.
 *
 * on_ready, on_later and on_timer run the protocol and end in settle(), which brings what is
 * watched in line with the state. Calls of the user in between change state only and schedule
 * on_later when that leaves something to do. */
#include "http/client/client_conn.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "net/flush.h"
#include "net/tcp.h"

enum {
    CONNS_KEPT = 64,
    FILE_BUDGET = 262144,
    WRITE_THROUGH = 65536,
};

static struct mem_cache cache =
    MEM_CACHE(struct client_conn, CONNS_KEPT); /* process-wide: shared by all pools */

static struct conn_reader reader; /* process-wide: the one read buffer */

/* --- input --- */

struct slice client_conn_input(const struct client_conn *c)
{
    return conn_input_unread(&reader, &c->in);
}

void client_conn_consume(struct client_conn *c, size_t n)
{
    conn_input_consume(&reader, &c->in, n);
}

ssize_t client_conn_read(struct client_conn *c)
{
    size_t unread = client_conn_input(c).n;
    ssize_t n = STREAM_AGAIN;

    if (unread < CONN_INPUT_BUFFER)
        n = conn_input_read(&reader, &c->in, c->stream, CONN_INPUT_BUFFER - unread);
    if (n == 0 && c->send_err) {
        c->stream->err = c->send_err;
        return STREAM_FAILED;
    }
    if (n == 0)
        c->has_eof = true;
    if (n > 0 && c->x) {
        c->x->bytes_received += (size_t)n;
        client_exchange_progress(c->x);
    }
    return n;
}

/* --- output --- */

/* Counts what the stream has taken. */
static void count_sent(struct client_conn *c, size_t n)
{
    if (!c->x || !n)
        return;
    c->x->bytes_sent += n;
    client_exchange_progress(c->x);
}

/* A server that refuses a body, or ends the connection, says so before it goes: the failure counts
 * when all that has come is read. */
static void look_behind_failure(struct client_conn *c)
{
    const struct err *why = c->stream->err;

    if ((why != &err_reset && why != &err_closed) || !stream_read_on(c->stream))
        return;
    c->send_err = why;
    c->must_close = true;
    c->is_blocked = false;
    outq_clear(&c->out);
    if (c->x)
        c->x->is_out_done = true;
}

void client_conn_write(struct client_conn *c, struct slice s)
{
    size_t before = c->out.bytes + s.n;

    if (c->send_err)
        return;
    if (s.n < WRITE_THROUGH || c->is_blocked) {
        outq_add(&c->out, s.p, s.n);
        return;
    }
    c->is_blocked = outq_write(&c->out, c->stream, s, NULL, WRITE_THROUGH) != OUTQ_EMPTY;
    if (c->stream->err) {
        look_behind_failure(c);
        client_conn_work_soon(c);
    } else {
        count_sent(c, before - c->out.bytes);
    }
}

void client_conn_flush(struct client_conn *c)
{
    size_t before = c->out.bytes;
    enum outq_result r;

    if (c->send_err)
        outq_clear(&c->out);
    if (outq_is_empty(&c->out) || c->is_blocked || c->stream->err)
        return;
    r = outq_flush(&c->out, c->stream, FILE_BUDGET);
    c->is_blocked = r == OUTQ_BLOCKED;
    count_sent(c, before - c->out.bytes);
    if (r == OUTQ_FAILED && !c->stream->err)
        c->stream->err = &err_truncated;
    else if (r == OUTQ_FAILED)
        look_behind_failure(c);
}

void client_conn_set_prompt(struct client_conn *c)
{
    if (!c->is_prompt)
        tcp_set_nodelay(c->stream, true);
    c->is_prompt = true;
}

/* --- events --- */

void client_conn_work_soon(struct client_conn *c)
{
    if (c->is_running || !c->stream)
        return;
    loop_cancel(&c->later);
    loop_next(&c->later);
}

void client_conn_work_late(struct client_conn *c)
{
    if (!c->is_running && c->stream && !loop_call_is_queued(&c->later))
        loop_at_end(&c->later);
}

void client_conn_call(struct client_conn *c)
{
    loop_next(&c->later);
}

static void settle(struct client_conn *c)
{
    int events;

    if (c->stream)
        c->protocol->on_work(c);
    c->is_running = false;
    if (!c->stream)
        return;
    conn_input_settle(&reader, &c->in);
    events = (c->is_blocked ? IO_WRITE : 0) | (c->has_eof ? 0 : c->protocol->wants(c));
    if (events == c->watched)
        return;
    c->watched = (uint8_t)events;
    stream_watch(c->stream, events);
}

static void on_flushed(struct outq *q, ssize_t sent)
{
    struct client_conn *c = CONTAINER_OF(q, struct client_conn, out);

    c->is_running = true;
    if (sent > 0) {
        count_sent(c, (size_t)sent);
    } else if (sent == STREAM_AGAIN) {
        c->is_blocked = true;
    } else if (sent == STREAM_FAILED) {
        look_behind_failure(c);
    }
    client_conn_flush(c); /* what could not be sent together with others */
    settle(c);
}

bool client_conn_flush_late(struct client_conn *c)
{
    if (flush_is_late(&c->out))
        return true;
    return !outq_is_empty(&c->out) && !c->is_blocked && !c->stream->err &&
           flush_late(&c->out, c->stream, on_flushed);
}

static void on_ready(struct stream *s, int events)
{
    struct client_conn *c = s->user;

    c->is_running = true;
    c->reads = 0;
    if (events & IO_WRITE)
        c->is_blocked = false;
    if (events & c->watched & IO_READ && UNLIKELY(flush_is_late(&c->out)))
        client_conn_end(c, &err_closed); /* no answer to what has not been sent */
    else if (events & c->watched & IO_READ)
        c->protocol->on_readable(c);
    settle(c);
}

static void on_later(struct loop_call *call)
{
    struct client_conn *c = CONTAINER_OF(call, struct client_conn, later);

    c->is_running = true;
    settle(c);
}

static void on_timer(struct timer *t)
{
    struct client_conn *c = CONTAINER_OF(t, struct client_conn, timer);

    c->is_running = true;
    c->protocol->on_expired(c);
    settle(c);
}

/* --- life --- */

struct client_conn *client_conn_open(struct stream *s, const struct client_conn_protocol *protocol,
                                     const struct client_conn_owner *owner, void *user)
{
    struct client_conn *c = mem_cache_take(&cache);

    memset(c, 0, sizeof(*c));
    list_init(&c->node);
    c->protocol = protocol;
    c->owner = owner;
    c->user = user;
    c->stream = s;
    outq_init(&c->out);
    loop_call_init(&c->later, on_later);
    timer_init(&c->timer, on_timer);
    s->on_ready = on_ready;
    s->user = c;
    c->watched = IO_READ;
    c->opened_ms = c->free_since_ms = clock_ms();
    stream_watch(s, IO_READ);
    return c;
}

/* Input lives until then: a piece of a body may still be in use. */
static void free_conn(void *p)
{
    struct client_conn *c = p;

    conn_input_drop(&reader, &c->in);
    mem_cache_give(&cache, c);
}

/* Everything but the stream. */
static void discard(struct client_conn *c)
{
    flush_forget(&c->out);
    outq_clear(&c->out);
    timer_stop(&c->timer);
    loop_cancel(&c->later);
    loop_free_later(c, free_conn);
}

void client_conn_close(struct client_conn **at)
{
    struct client_conn *c = *at;

    *at = NULL;
    CHECK(!c->x && c->stream);
    stream_close(&c->stream, false);
    if (c->protocol->on_end)
        c->protocol->on_end(c, NULL);
    discard(c);
}

void client_conn_let_go(struct client_conn *c)
{
    struct client_exchange *x = c->x;

    c->x = NULL;
    x->conn = NULL;
    x->transport = NULL;
    client_exchange_release(&x);
}

void client_conn_end(struct client_conn *c, const struct err *why)
{
    struct client_exchange *x = c->x;
    bool is_lost = x && x->state == CLIENT_WAITING;

    if (!c->stream)
        return;
    if (x) {
        client_exchange_hold(x);
        client_conn_let_go(c);
    }
    stream_close(&c->stream, false);
    if (c->protocol->on_end)
        c->protocol->on_end(c, why);
    discard(c);
    c->owner->on_closed(c, is_lost ? x : NULL, why);
    if (x && !is_lost)
        client_exchange_fail(x, why);
    client_exchange_release(&x);
}

struct stream *client_conn_take_stream(struct client_conn *c, struct buf *in, struct outq *out)
{
    struct slice rest = client_conn_input(c);
    struct stream *s = c->stream;

    *in = BUF_EMPTY;
    if (rest.n)
        buf_add_slice(in, rest);
    outq_init(out);
    outq_append(out, &c->out);
    stream_watch(s, 0);
    client_conn_set_prompt(c); /* the owner to come sends as it likes, not in requests */
    c->stream = NULL;
    discard(c);
    c->owner->on_closed(c, NULL, NULL);
    return s;
}
