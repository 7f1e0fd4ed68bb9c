/* Accepted connections below the protocol.
 *
 * Output: a queue that is flushed by on_work, which runs once after each event, or once a turn when
 * something was queued outside an event (server_conn_schedule).
 *
 * Deadlines: `deadline` is a plain number that moves with the state; the timer is armed only when
 * it would otherwise fire too late, and looks at the number when it fires. Nothing is re-armed per
 * request. */
#include "http/server_conn.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "proto/proxy_proto.h"

enum { CONNS_KEPT = 1024, BODIES_KEPT = 64, FILE_BUDGET = 2097152 };
enum { LINGER_MOST = 1 << 20 };
enum { LAST_CALL_MS = 5000, PACE_MS = 250, LOOK_MS = 1000 };

static struct mem_cache conns =
    MEM_CACHE(struct server_conn, CONNS_KEPT); /* process-wide: shared by all servers */
static struct mem_cache bodies =
    MEM_CACHE(struct http1_body, BODIES_KEPT); /* process-wide: likewise */

static struct conn_reader reader; /* process-wide: the one read buffer */

static uint64_t last_id; /* process-wide: connections are numbered */

/* --- input --- */

struct slice server_conn_input(const struct server_conn *c)
{
    return conn_input_unread(&reader, &c->in);
}

void server_conn_consume(struct server_conn *c, size_t n)
{
    c->parsed = 0;
    conn_input_consume(&reader, &c->in, n);
}

ssize_t server_conn_read(struct server_conn *c, size_t most)
{
    ssize_t n = conn_input_read(&reader, &c->in, c->stream, most);

    if (n == 0)
        c->has_eof = true;
    return n;
}

struct http1_body *server_conn_add_body(struct server_conn *c)
{
    CHECK(!c->body);
    return c->body = mem_cache_take(&bodies);
}

void server_conn_drop_body(struct server_conn *c)
{
    if (!c->body)
        return;
    mem_cache_give(&bodies, c->body);
    c->body = NULL;
}

/* --- output --- */

void server_conn_schedule(struct server_conn *c, bool soon)
{
    if (c->is_running || !c->stream)
        return;
    if (soon)
        loop_next(&c->later);
    else if (!loop_call_is_queued(&c->later))
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

/* What the exchange's rate allows to be sent now: what the time since its head is worth, and the
 * share of one pause in advance. */
static uint64_t allowance(const struct server_conn *c)
{
    const struct exchange *x = c->x;
    uint64_t sent, worth;

    if (LIKELY(!x || x->send_rate <= 0))
        return OUTQ_NO_LIMIT;
    sent = x->bytes_sent - MIN(c->out.bytes, x->bytes_sent);
    worth = x->settings->send_rate_after +
            (uint64_t)x->send_rate * (clock_ms() - x->send_since + PACE_MS) / 1000;
    return worth > sent ? worth - sent : 0;
}

void server_conn_set_nodelay(struct server_conn *c)
{
    if (c->server->settings->is_nodelay)
        tcp_set_nodelay(c->stream, true);
    c->flushes = 2;
}

bool server_conn_flush(struct server_conn *c)
{
    size_t before = c->out.bytes;
    uint64_t most = allowance(c);
    enum outq_result r;

    if (c->flushes < 2 && ++c->flushes == 2)
        server_conn_set_nodelay(c);
    r = outq_flush_most(&c->out, c->stream, FILE_BUDGET, &most);
    c->is_paced = r == OUTQ_BLOCKED && most == 0;
    c->is_blocked = r == OUTQ_BLOCKED && !c->is_paced;
    if (c->out.bytes < before)
        c->has_progress = true;
    if (LIKELY(r != OUTQ_FAILED))
        return true;
    if (!c->stream->err)
        c->stream->err = &err_truncated;
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
    c->dropped = 0;
    stream_shutdown(c->stream);
    server_conn_set_phase(c, CONN_LINGER);
}

bool server_conn_linger_on(struct server_conn *c)
{
    ssize_t n = server_conn_read(c, CONN_INPUT_BUFFER);

    if (n > 0) {
        server_conn_consume(c, (size_t)n);
        c->dropped += (uint32_t)n;
    }
    return n != 0 && n != STREAM_FAILED && c->dropped <= LINGER_MOST;
}

/* The first request of a connection is always waited for: whoever has been let in was promised an
 * answer. */
bool server_conn_is_dispensable(const struct server_conn *c)
{
    return c->phase == CONN_IDLE && c->requests > 0 &&
           (c->server->is_draining || c->server->is_crowded);
}

static int wanted_events(const struct server_conn *c)
{
    int events = c->is_blocked ? IO_WRITE : 0;

    if (c->has_eof)
        return events;
    switch ((enum server_conn_phase)c->phase) {
    case CONN_IDLE:
    case CONN_HEAD:
        /* a peer that does not take answers gets no further request read */
        return c->out.bytes > c->server->settings->send_watermark ? events : events | IO_READ;
    case CONN_BUSY:
        /* only to notice that the peer has gone: what comes meanwhile is kept up to a limit */
        if (c->x->is_waiting_body || server_conn_input(c).n < CONN_INPUT_BUFFER)
            events |= IO_READ;
        return events;
    case CONN_DRAIN:
    case CONN_LINGER:
        return events | IO_READ;
    default:
        return events;
    }
}

static enum server_conn_wait wanted_wait(const struct server_conn *c)
{
    if (c->phase == CONN_LINGER)
        return CONN_WAIT_LINGER;
    if (c->is_paced)
        return CONN_WAIT_PACE;
    if (!outq_is_empty(&c->out) || c->phase == CONN_FLUSH)
        return CONN_WAIT_SEND;
    if (c->phase == CONN_IDLE && c->requests)
        return CONN_WAIT_KEEPALIVE;
    if (c->phase == CONN_IDLE || c->phase == CONN_HEAD)
        return CONN_WAIT_HEAD;
    if (c->phase == CONN_DRAIN || (c->x && c->x->is_waiting_body))
        return CONN_WAIT_BODY;
    if (c->phase == CONN_BUSY && !(c->watched & IO_READ) && !c->has_eof)
        return CONN_WAIT_PEER;
    return CONN_WAIT_NONE;
}

/* Who has connected but not asked yet is not kept waiting for by a server that ends. */
static uint64_t first_timeout(const struct server_conn *c, uint64_t ms)
{
    if (c->phase != CONN_IDLE || !c->server->is_draining)
        return ms;
    return ms ? MIN(ms, LAST_CALL_MS) : LAST_CALL_MS;
}

static uint64_t timeout_of(const struct server_conn *c, enum server_conn_wait wait)
{
    const struct http_settings *own = c->server->settings;
    const struct http_settings *s = c->x ? c->x->settings : own;

    switch (wait) {
    case CONN_WAIT_PROXIED:
        return first_timeout(c, own->proxied_timeout ? own->proxied_timeout : own->header_timeout);
    case CONN_WAIT_HEAD:
        return first_timeout(c, own->header_timeout);
    case CONN_WAIT_KEEPALIVE:
        return own->keepalive_timeout;
    case CONN_WAIT_BODY:
        return s->body_timeout;
    case CONN_WAIT_SEND:
        return s->send_timeout;
    case CONN_WAIT_PACE:
        return PACE_MS;
    case CONN_WAIT_PEER:
        return LOOK_MS;
    case CONN_WAIT_LINGER:
        return own->lingering_timeout;
    default:
        return 0;
    }
}

static void set_deadline(struct server_conn *c)
{
    enum server_conn_wait wait = c->protocol->waits ? c->protocol->waits(c) : wanted_wait(c);
    bool restarts = c->waits != wait || (c->has_progress && wait != CONN_WAIT_LINGER);
    uint64_t ms = timeout_of(c, wait);

    c->has_progress = false;
    if (!restarts && wait != CONN_WAIT_HEAD)
        return;
    c->waits = (uint8_t)wait;
    c->deadline = !ms ? 0 : (wait == CONN_WAIT_HEAD ? c->since : clock_ms()) + ms;
    if (c->deadline && (!timer_is_active(&c->timer) || c->timer.deadline > c->deadline))
        timer_start(&c->timer, c->deadline > clock_ms() ? c->deadline - clock_ms() : 0);
}

void server_conn_update(struct server_conn *c)
{
    int events = c->protocol->events ? c->protocol->events(c) : wanted_events(c);

    if (events != c->watched) {
        c->watched = (uint8_t)events;
        stream_watch(c->stream, events);
    }
    set_deadline(c);
}

/* Work after an upcall, and what is kept of the input. */
static void settle(struct server_conn *c)
{
    if (c->stream)
        c->protocol->on_work(c);
    c->is_running = false;
    if (!c->stream)
        return;
    conn_input_settle(&reader, &c->in);
    server_conn_update(c);
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

struct server_conn *server_conn_of(const struct stream *s)
{
    return s->on_ready == on_ready ? s->user : NULL;
}

void server_conn_unread(struct server_conn *c, struct slice bytes)
{
    conn_input_add(&c->in, bytes);
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

struct server_conn *server_conn_open(struct server *s, int fd, const struct addr *peer,
                                     const struct server_conn_protocol *protocol)
{
    struct server_counts *counts = server_stats_counts();
    struct server_conn *c = mem_cache_take(&conns);

    memset(c, 0, sizeof(*c));
    c->server = s;
    c->protocol = protocol;
    c->id = server_next_id();
    c->since = clock_ms();
    server_conn_set_stream(c, tcp_adopt(fd));
    timer_init(&c->timer, on_timer);
    loop_call_init(&c->later, on_later);
    outq_init(&c->out);
    set_peer(c, peer);
    list_append(&s->conns, &c->node);
    s->n_conns++;
    counts->phases[CONN_IDLE]++;
    counts->accepted++;
    server_conn_schedule(c, true);
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
    conn_input_drop(&reader, &c->in);
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

void server_conn_close(struct server_conn *c, bool reset)
{
    CHECK(c->stream && !c->x);
    stream_close(&c->stream, reset);
    end(c);
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
