/* Accepted connections below the protocol: output, events, life. Input is in server_conn_input.c,
 * what is waited for and how long in server_conn_wait.c.
 *
 * Output is a queue that is flushed by on_work, which runs once after each event, or once a turn
 * when something was queued outside an event (server_conn_work_soon, server_conn_work_late). */
#include "http/server/server_conn.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/server/server_conn_input.h"
#include "loop/io.h"
#include "net/flush.h"
#include "net/tcp.h"
#include "net/tls/tls.h"
#include "proto/proxy_proto.h"

enum { CONNS_KEPT = 1024 };

static struct mem_cache conns =
    MEM_CACHE(struct server_conn, CONNS_KEPT); /* process-wide: shared by all servers */

static uint64_t last_id; /* process-wide: connections are numbered */

/* --- output --- */

void server_conn_work_soon(struct server_conn *c)
{
    if (!c->is_running && c->stream)
        loop_next(&c->later);
}

void server_conn_work_late(struct server_conn *c)
{
    if (!c->is_running && c->stream && !loop_call_is_queued(&c->later))
        loop_at_end(&c->later);
}

void server_conn_call(struct server_conn *c)
{
    if (c->stream)
        loop_next(&c->later);
}

void server_conn_forget_output(struct server_conn *c)
{
    if (c->x) {
        c->x->bytes_sent -= MIN(c->out.bytes, c->x->bytes_sent);
        c->x->body_bytes_sent = MIN(c->x->body_bytes_sent, c->x->bytes_sent);
    }
    outq_clear(&c->out);
}

/* What the exchange's rate allows to be sent now. */
static uint64_t allowance(const struct server_conn *c)
{
    const struct exchange *x = c->x;

    if (LIKELY(!x || x->send_rate <= 0))
        return OUTQ_NO_LIMIT;
    return exchange_allowance(x, x->bytes_sent - MIN(c->out.bytes, x->bytes_sent));
}

void server_conn_set_nodelay(struct server_conn *c)
{
    if (c->server->settings->is_nodelay)
        tcp_set_nodelay(c->stream, true);
    c->flushes = 2;
}

/* A file that is being sent fails, or is shorter than it was: the client sees that something is
 * missing, and the log is where to see why. What befalls the network needs no line. */
static void tell_of_file(const struct server_conn *c)
{
    const struct err *e = c->stream->err;

    if (e != &err_io && e != &err_invalid && e != &err_truncated)
        return;
    log_write(c->x ? &c->x->log : &c->server->log, LOG_CRIT, BODY_UNREAD, e->message);
}

bool server_conn_flush(struct server_conn *c)
{
    size_t before = c->out.bytes;
    const struct http_settings *s = c->x ? c->x->settings : c->server->settings;
    uint64_t most = allowance(c);
    enum outq_result r;

    if (c->flushes < 2 && ++c->flushes == 2)
        server_conn_set_nodelay(c);
    r = outq_flush_most(&c->out, c->stream, s->file_budget ? s->file_budget : SIZE_MAX, &most);
    c->is_paced = r == OUTQ_BLOCKED && most == 0;
    c->is_blocked = r == OUTQ_BLOCKED && !c->is_paced;
    if (c->out.bytes < before)
        c->has_progress = true;
    if (LIKELY(r != OUTQ_FAILED))
        return true;
    if (!c->stream->err)
        c->stream->err = &err_truncated;
    tell_of_file(c);
    server_conn_forget_output(c);
    return false;
}

/* --- state --- */

void server_conn_set_phase(struct server_conn *c, enum server_conn_phase to)
{
    struct server_counts *counts = server_stats_counts();

    counts->phases[c->phase]--;
    counts->phases[to]++;
    c->phase = (uint8_t)to;
}

/* In milliseconds. */
static uint32_t age_of(const struct server_conn *c)
{
    return (uint32_t)clock_ms() - c->opened;
}

struct exchange *server_conn_exchange(struct server_conn *c,
                                      const struct exchange_transport *transport, uint64_t since_ms)
{
    struct server *s = c->server;
    struct exchange *x = exchange_new(transport, NULL, s->settings);
    struct addr *peer = pool_alloc(&x->pool, sizeof(*peer));

    if (server_conn_peer(c, peer))
        x->peer = peer;
    if (c->proxied)
        x->proxied =
            proxy_proto_copy(pool_alloc(&x->pool, proxy_proto_size(c->proxied)), c->proxied);
    x->log.parent = &s->log;
    x->log.id = c->id;
    if (tls_is(c->stream)) {
        x->req.is_tls = true;
        x->req.tls = tls_hold(c->stream);
    }
    x->connection_id = c->id;
    x->connection_requests = ++c->requests;
    x->connected_ms = clock_ms() - age_of(c);
    x->start_ms = since_ms;
    x->start_wall_ms = clock_wall_ms() - (int64_t)(clock_ms() - since_ms);
    server_stats_counts()->requests++;
    exchange_set_state(x, EXCHANGE_HEAD_IN);
    return x;
}

void server_conn_refuse(struct server_conn *c, struct exchange *x, int status, const char *reason)
{
    struct server *s = c->server;

    log_write(&x->log, LOG_INFO, "%s while reading client request headers", reason);
    exchange_set_state(x, EXCHANGE_HANDLING);
    if (s->on_bad_request) {
        s->on_bad_request(x, status, s->user);
        return;
    }
    x->res.status = status;
    exchange_respond(x, SLICE_EMPTY);
}

void server_conn_linger(struct server_conn *c)
{
    server_conn_consume(c, server_conn_input(c).n);
    c->since = clock_ms();
    stream_shutdown(c->stream);
    server_conn_set_phase(c, CONN_LINGER);
}

bool server_conn_linger_on(struct server_conn *c)
{
    ssize_t n = server_conn_read(c, CONN_INPUT_BUFFER);

    if (n > 0) {
        server_conn_consume(c, (size_t)n);
        c->has_progress = true;
    }
    return n != 0 && n != STREAM_FAILED;
}

bool server_conn_is_spent(const struct server_conn *c, const struct http_settings *s)
{
    return c->requests >= s->keepalive_requests || age_of(c) > s->keepalive_time;
}

/* Work after an upcall, and what is kept of the input. */
static void settle(struct server_conn *c)
{
    if (c->stream)
        c->protocol->on_work(c);
    c->is_running = false;
    if (!c->stream)
        return;
    server_conn_settle_input(c);
    if (!flush_is_late(&c->out)) /* on_flushed brings it in line, in this turn */
        server_conn_update(c);
}

static void on_flushed(struct outq *q, ssize_t sent)
{
    struct server_conn *c = CONTAINER_OF(q, struct server_conn, out);

    c->is_running = true;
    if (sent > 0) {
        if (c->flushes == 0)
            c->flushes = 1;
        c->has_progress = true;
    } else if (sent == STREAM_AGAIN) {
        c->is_blocked = true;
    } else if (sent == STREAM_FAILED) {
        server_conn_forget_output(c);
    }
    if (!outq_is_empty(q) && !c->is_blocked && !c->stream->err)
        (void)server_conn_flush(c); /* what could not be sent together with others */
    settle(c);
}

bool server_conn_flush_late(struct server_conn *c)
{
    if (flush_is_late(&c->out))
        return true;
    if ((c->x && c->x->send_rate > 0) || !flush_late(&c->out, c->stream, on_flushed))
        return false;
    if (c->flushes == 1)
        server_conn_set_nodelay(c);
    return true;
}

static void on_ready(struct stream *s, int events)
{
    struct server_conn *c = s->user;

    c->is_running = true;
    c->reads = 0;
    if (events & IO_WRITE)
        c->is_blocked = false;
    if (events & c->watched & IO_READ)
        c->protocol->on_readable(c);
    settle(c);
}

static void on_later(struct loop_call *call)
{
    struct server_conn *c = CONTAINER_OF(call, struct server_conn, later);
    bool is_new = c->waits == CONN_WAIT_NONE && c->requests == 0;

    c->is_running = true;
    /* a request may have come with the connection, or just before it is closed for idling */
    if (c->phase == CONN_IDLE && !c->has_eof &&
        (is_new || c->server->is_draining || c->server->is_crowded))
        c->protocol->on_readable(c);
    settle(c);
}

static void on_timer(struct timer *t)
{
    struct server_conn *c = CONTAINER_OF(t, struct server_conn, timer);

    if (!c->deadline)
        return;
    if (flush_is_late(&c->out)) {
        /* on_flushed, in this turn, sees to the deadline, if it becomes another */
        timer_start(t, 1);
        return;
    }
    if (c->deadline > clock_ms()) {
        timer_start(t, c->deadline - clock_ms());
        return;
    }
    c->is_running = true;
    c->has_progress = true; /* whatever is waited for next is not overdue yet */
    c->protocol->on_expired(c, (enum server_conn_wait)c->waits);
    settle(c);
}

/* --- life --- */

uint64_t server_next_id(void)
{
    return ++last_id;
}

void server_conn_set_stream(struct server_conn *c, struct stream *s)
{
    c->stream = s;
    c->watched = 0;
    s->on_ready = on_ready;
    s->user = c;
}

void server_conn_read_soon(struct server_conn *c)
{
    c->watched = IO_READ;
    stream_watch(c->stream, IO_READ);
    tcp_read_soon(c->stream);
}

struct server_conn *server_conn_of(const struct stream *s)
{
    return s->on_ready == on_ready ? s->user : NULL;
}

static void set_peer(struct server_conn *c, const struct addr *peer)
{
    c->peer_size = 0;
    if (!peer || !peer->len)
        return;
    /* the name of a Unix socket is not kept, only that it is one */
    c->peer_size = peer->len <= sizeof(c->peer) ? (uint8_t)peer->len : sizeof(sa_family_t);
    memcpy(&c->peer, &peer->sa, c->peer_size);
}

struct server_conn *server_conn_open(struct server *s, struct stream *stream,
                                     const struct addr *peer,
                                     const struct server_conn_protocol *protocol)
{
    struct server_counts *counts = server_stats_counts();
    struct server_conn *c = mem_cache_take(&conns);

    memset(c, 0, sizeof(*c));
    c->server = s;
    c->protocol = protocol;
    c->id = server_next_id();
    c->since = clock_ms();
    c->opened = (uint32_t)c->since;
    server_conn_set_stream(c, stream);
    timer_init(&c->timer, on_timer);
    loop_call_init(&c->later, on_later);
    outq_init(&c->out);
    set_peer(c, peer);
    list_append(&s->conns, &c->node);
    s->n_conns++;
    counts->phases[CONN_IDLE]++;
    counts->accepted++;
    server_conn_work_soon(c);
    return c;
}

static void free_conn(void *p)
{
    struct server_conn *c = p;
    struct server *s = c->server;

    mem_cache_give(&conns, c);
    s->n_conns--;
    if (s->on_closed)
        s->on_closed(s);
    if (s->n_conns == 0 && s->is_draining && s->on_idle)
        s->on_idle(s);
}

/* Everything but the stream. */
static void end(struct server_conn *c)
{
    flush_forget(&c->out);
    server_conn_drop_input(c);
    server_conn_drop_body(c);
    mem_free(c->proxied);
    c->proxied = NULL;
    outq_clear(&c->out);
    timer_stop(&c->timer);
    loop_cancel(&c->later);
    list_remove(&c->node);
    server_stats_counts()->phases[c->phase]--;
    loop_free_later(c, free_conn);
}

static void close_stream(struct server_conn *c, bool reset)
{
    CHECK(c->stream && !c->x);
    stream_close(&c->stream, reset);
    end(c);
}

void server_conn_close(struct server_conn *c)
{
    close_stream(c, false);
}

void server_conn_reset(struct server_conn *c)
{
    close_stream(c, true);
}

struct stream *server_conn_detach(struct server_conn *c, struct buf *in, struct outq *out)
{
    struct stream *s = c->stream;

    CHECK(s && !c->x);
    buf_add_slice(in, server_conn_input(c));
    outq_append(out, &c->out);
    stream_watch(s, 0);
    s->on_ready = NULL;
    s->user = NULL;
    c->stream = NULL;
    end(c);
    return s;
}

bool server_conn_peer(const struct server_conn *c, struct addr *out)
{
    if (!c->peer_size)
        return false;
    out->len = c->peer_size;
    memcpy(&out->storage, &c->peer, c->peer_size);
    return true;
}

struct conn_log {
    struct log_ctx ctx;
    const struct server_conn *conn;
};

static void describe(const struct log_ctx *ctx, struct buf *out)
{
    struct addr a;

    if (!server_conn_peer(CONTAINER_OF(ctx, struct conn_log, ctx)->conn, &a))
        return;
    buf_add_lit(out, ", client: ");
    addr_format_host(&a, out);
}

void server_conn_log(const struct server_conn *c, enum log_level level, const char *text)
{
    struct conn_log l = {.ctx = {.parent = &c->server->log, .id = c->id, .describe = describe},
                         .conn = c};

    log_write(&l.ctx, level, "%s", text);
}
