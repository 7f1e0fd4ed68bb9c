/* HTTP/2 on a connection: input to the session, streams to exchanges, and the connection's end.
 *
 * on_work does everything, after each event and whenever something was scheduled: frames from the
 * input, one at a time, each new request handed to the app at once (take_input); then what the
 * session has to say (h2_session_send), what was noted about streams (settle), and one flush. A
 * peer that does not read has no more input taken.
 *
 * The end comes in steps (RFC 9113 section 6.8): GOAWAY without a limit and a PING (notice); when
 * the PING is answered, GOAWAY with the last stream that was taken (say_goodbye); when no stream is
 * left the connection closes. A peer that breaks the rules or floods gets one GOAWAY, one log line,
 * and is waited for until it has ended its side, for a while.
 *
 * Heads are server_h2_head.c, answers server_h2_out.c, records and request bodies
 * server_h2_stream.c. */
#include "http/server/server_h2.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/conn_failure.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h2_head.h"
#include "http/server/server_h2_out.h"
#include "loop/io.h"
#include "net/flush.h"

enum { FRAMES_AT_ONCE = 64, TRIM_LEAST = 256, TRIM_MS = 1000 };

/* Connections that are, and those that have ended since memory was given back. */
static struct {
    unsigned now, ended;
    uint64_t trimmed_ms;
} population; /* process-wide: all of them share the heap */

static struct server_h2 *h2_of(const struct server_conn *c)
{
    return c->state;
}

/* --- the end of a connection --- */

/* A connection takes 10 KiB of small pieces, which free keeps. They go back to the system when many
 * connections have ended: once a second at most, as the loop stands still meanwhile, and when none
 * is left. */
static void give_back(void)
{
    population.now--;
    if (++population.ended < TRIM_LEAST ||
        (population.now && clock_ms() < population.trimmed_ms + TRIM_MS))
        return;
    population.ended = 0;
    population.trimmed_ms = clock_ms();
    mem_trim();
}

static void free_state(void *p)
{
    struct server_h2 *h2 = p;

    buf_free(&h2->head.cookies);
    h2_session_free(&h2->link.session);
    mem_free(h2);
    give_back();
}

/* Exchanges that are on are lost. */
static void lose_streams(struct server_h2 *h2, const struct err *why)
{
    while (!list_is_empty(&h2->streams)) {
        struct server_h2_stream *st = CONTAINER_OF(h2->streams.next, struct server_h2_stream, node);
        struct exchange *x = server_h2_stream_let_go(st);

        st->s.is_closed = true;
        st->s.code = H2_CANCEL;
        if (st->s.owner)
            st->s.on_news(&st->s);
        server_h2_stream_remove(st);
        loop_free_later(st, server_h2_stream_free);
        if (x)
            exchange_lost(x, why);
    }
}

/* Closes. */
static void lose(struct server_conn *c, const struct err *why, bool reset)
{
    struct server_h2 *h2 = h2_of(c);

    h2->is_dead = true;
    lose_streams(h2, why);
    c->state = NULL;
    loop_free_later(h2, free_state);
    if (reset)
        server_conn_reset(c);
    else
        server_conn_close(c);
}

/* All output is out, and nothing more will be. */
static void end_connection(struct server_conn *c)
{
    if (c->has_eof || !http_settings_lingers(c->server->settings, true)) {
        lose(c, &err_closed, false);
        return;
    }
    lose_streams(h2_of(c), &err_closed);
    if (!c->stream)
        return;
    server_conn_linger(c);
}

static void notice(struct server_h2 *h2)
{
    if (h2->ending != SERVER_H2_OPEN)
        return;
    h2->ending = SERVER_H2_NOTICED;
    h2_session_shutdown_notice(h2->link.session);
}

static void say_goodbye(struct server_h2 *h2)
{
    if (h2->ending == SERVER_H2_GOING)
        return;
    h2->ending = SERVER_H2_GOING;
    h2_session_goaway(h2->link.session, H2_NO_ERROR);
}

/* --- events of the session --- */

static void *on_head(void *user, int32_t id)
{
    struct server_h2 *h2 = user;
    struct exchange *x = server_conn_exchange(h2->conn, &server_h2_out_transport, clock_ms());

    x->keep_alive = true;
    x->req.version_major = 2;
    h2->head.scheme = h2->head.authority = (struct slice){NULL, 0};
    h2->head.cookies.n = 0;
    h2->head.is_too_large = false;
    return server_h2_stream_new(h2, id, x);
}

static void on_head_end(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire)
{
    struct server_h2 *h2 = user;
    struct server_h2_stream *st = stream;

    h2->is_mid_head = false;
    if (st->x)
        st->x->request_length += wire;
    if (is_trailers)
        return;
    h2->head.is_too_large |= is_too_large;
    st->s.in = H2_IN_BODY;
    h2->fresh = st;
}

static void on_pong(void *user)
{
    struct server_h2 *h2 = user;

    if (h2->ending == SERVER_H2_NOTICED)
        say_goodbye(h2);
}

/* The one line about a peer that breaks the rules. */
static void on_goaway_sent(void *user, uint32_t code, struct slice text)
{
    struct server_h2 *h2 = user;
    const char *reason = h2_session_reason(h2->link.session);
    char line[200];

    if (code == H2_NO_ERROR)
        return;
    if (!text.n && reason)
        text = slice_str(reason);
    if (!text.n)
        text = slice_str(h2_session_code_name(code));
    (void)snprintf(line, sizeof(line), "%s, HTTP/2 connection ends with error %u: " SLICE_FMT,
                   code == H2_ENHANCE_YOUR_CALM ? "client sent too much"
                                                : "client sent invalid frames",
                   code, SLICE_ARG(text));
    server_conn_log(h2->conn, LOG_INFO, line);
}

static const struct h2_events events = {
    .on_head = on_head,
    .on_field = server_h2_head_on_field,
    .on_head_end = on_head_end,
    .on_data = server_h2_stream_on_data,
    .on_end = server_h2_stream_on_end,
    .on_close = server_h2_out_on_close,
    .on_end_sent = server_h2_out_on_end_sent,
    .on_head_unsent = server_h2_out_on_head_unsent,
    .on_pong = on_pong,
    .on_goaway_sent = on_goaway_sent,
    .on_pull = server_h2_out_on_pull,
    .on_output = server_h2_out_on_output,
    .on_output_data = server_h2_out_on_output_data,
};

/* --- requests --- */

static void begin(struct server_h2_stream *st)
{
    struct server_conn *c = st->h2->conn;
    struct server *s = c->server;
    struct exchange *x = st->x;
    const char *reason;
    int status = server_h2_head_finish(st, &reason);

    if (server_conn_is_spent(c, s->settings))
        notice(st->h2);
    if (UNLIKELY(status)) {
        server_conn_refuse(c, x, status,
                           pool_printf(&x->pool, "client sent invalid request: %s", reason).p);
        return;
    }
    exchange_set_state(x, EXCHANGE_HANDLING);
    s->on_exchange(x, s->user);
}

/* --- work --- */

static void schedule(struct h2_link *l)
{
    server_conn_work_late(CONTAINER_OF(l, struct server_h2, link)->conn);
}

static void abandon(struct h2_stream *s)
{
    struct server_h2_stream *st = CONTAINER_OF(s, struct server_h2_stream, s);

    server_h2_stream_drain(st, st->h2->conn->server->settings->lingering_timeout);
}

static struct server_h2 *start(struct server_conn *c)
{
    struct server_h2 *h2 = mem_new(struct server_h2);

    population.now++;
    h2->conn = c;
    h2->link.window = c->server->settings->http2.connection_window;
    h2->link.schedule = schedule;
    h2->link.abandon = abandon;
    list_init(&h2->streams);
    list_init(&h2->link.news);
    list_init(&h2->held);
    h2->link.session = h2_session_new(&c->server->settings->http2, &events, h2, clock_ms());
    c->state = h2;
    return h2;
}

/* Does the peer take what we send? */
static bool may_take_input(const struct server_conn *c)
{
    return c->phase <= CONN_BUSY && c->out.bytes <= 2 * c->server->settings->send_watermark;
}

/* Frames from the input, as long as the peer reads. False: the connection is gone. What the session
 * has to say to many of them does not wait for the last. */
static bool take_input(struct server_conn *c, struct server_h2 *h2)
{
    struct slice in = server_conn_input(c);

    for (unsigned n = 1; in.n && may_take_input(c); n++) {
        size_t before = in.n;
        bool goes_on = h2_session_receive(h2->link.session, &in, clock_ms());

        server_conn_consume(c, goes_on ? before - in.n : before);
        if (h2->fresh && !h2->fresh->s.is_closed) {
            struct server_h2_stream *st = h2->fresh;

            h2->fresh = NULL;
            begin(st);
        }
        server_h2_out_settle(h2);
        if (!c->stream)
            return false;
        if (n % FRAMES_AT_ONCE == 0)
            h2_session_send(h2->link.session);
        in = server_conn_input(c);
    }
    return true;
}

/* Frames to the queue, the queue to the stream, until either has nothing more. */
static bool push(struct server_conn *c, struct server_h2 *h2)
{
    do {
        h2->may_send_data = true;
        h2_session_send(h2->link.session);
        h2->may_send_data = false;
        server_h2_out_settle(h2);
        if (!c->stream)
            return false;
        if (!c->stream->err && !outq_is_empty(&c->out) && !c->is_blocked) {
            if (!h2_session_has_output(h2->link.session) && server_conn_flush_late(c))
                return true;
            (void)server_conn_flush(c);
        }
        if (c->stream->err) {
            lose(c, c->stream->err, false);
            return false;
        }
        if (!list_is_empty(&h2->held) && !server_h2_out_release(h2))
            return false;
    } while (!c->is_blocked && c->phase != CONN_LINGER && h2_session_has_output(h2->link.session));
    return true;
}

static void choose_phase(struct server_conn *c, struct server_h2 *h2)
{
    bool is_mid_head = h2_session_is_mid_head(h2->link.session);

    if (is_mid_head && !h2->is_mid_head && h2->has_preface)
        c->since = clock_ms();
    h2->is_mid_head = is_mid_head;
    h2->has_preface |= !is_mid_head;
    if (c->phase <= CONN_BUSY)
        server_conn_set_phase(c, h2->n_streams ? CONN_BUSY : CONN_IDLE);
}

static void on_work(struct server_conn *c)
{
    struct server_h2 *h2 = h2_of(c) ? h2_of(c) : start(c);

    if (c->phase == CONN_LINGER)
        return;
    do {
        if (!take_input(c, h2))
            return;
        if (c->server->is_draining || server_conn_is_dispensable(c))
            notice(h2);
        if (!push(c, h2))
            return;
    } while (server_conn_input(c).n && may_take_input(c));
    choose_phase(c, h2);
    if (c->has_eof && !flush_is_late(&c->out)) {
        lose(c, &err_closed, false);
        return;
    }
    if (h2_session_is_over(h2->link.session) && c->phase != CONN_LINGER)
        server_conn_set_phase(c, CONN_FLUSH);
    if (c->phase == CONN_FLUSH && outq_is_empty(&c->out))
        end_connection(c);
}

static void on_readable(struct server_conn *c)
{
    if (c->phase != CONN_LINGER)
        conn_failure_read(c, "while processing HTTP/2 connection"); /* on_work looks at it */
    else if (!server_conn_linger_on(c))
        lose(c, &err_closed, false);
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    struct server_h2 *h2 = h2_of(c);

    if (!h2) {
        server_conn_close(c);
        return;
    }
    switch (what) {
    case CONN_WAIT_KEEPALIVE:
    case CONN_WAIT_LAST_CALL:
        say_goodbye(h2);
        return;
    case CONN_WAIT_LINGER:
        lose(c, &err_closed, false);
        return;
    case CONN_WAIT_SEND:
        lose(c, &err_timeout, true);
        return;
    default:
        lose(c, &err_timeout, false);
    }
}

static int wanted_events(const struct server_conn *c)
{
    int wanted = c->is_blocked ? IO_WRITE : 0;

    if (c->has_eof || c->phase == CONN_FLUSH)
        return wanted;
    return c->phase == CONN_LINGER || may_take_input(c) ? wanted | IO_READ : wanted;
}

static enum server_conn_wait wanted_wait(const struct server_conn *c)
{
    const struct server_h2 *h2 = h2_of(c);

    if (c->phase == CONN_LINGER)
        return CONN_WAIT_LINGER;
    if (!outq_is_empty(&c->out) || c->phase == CONN_FLUSH)
        return CONN_WAIT_SEND;
    if (!h2 || h2->is_mid_head)
        return CONN_WAIT_HEAD;
    if (h2->n_streams)
        return CONN_WAIT_NONE;
    return h2->ending == SERVER_H2_NOTICED ? CONN_WAIT_LAST_CALL : CONN_WAIT_KEEPALIVE;
}

static void on_close_all(struct server_conn *c)
{
    if (h2_of(c))
        lose(c, &err_closed, true);
    else
        server_conn_reset(c);
}

static const struct server_conn_protocol of_http2 = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
    .events = wanted_events,
    .waits = wanted_wait,
};

int server_h2_detect(struct slice in)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    size_t n = MIN(in.n, sizeof(preface) - 1);

    if (memcmp(in.p, preface, n) != 0)
        return -1;
    return n == sizeof(preface) - 1;
}

void server_h2_take_over(struct server_conn *c)
{
    c->protocol = &of_http2;
    (void)start(c);
}

bool server_h2_upgrade(struct server_conn *c, struct exchange *x, struct slice settings)
{
    struct server_h2 *h2 = start(c);
    struct server_h2_stream *st = server_h2_stream_new(h2, 1, x);

    if (!h2_session_upgrade(h2->link.session, settings, x->req.method == METHOD_HEAD, st)) {
        st->x = NULL;
        x->conn = c;
        server_h2_stream_remove(st);
        server_h2_stream_free(st);
        free_state(h2);
        c->state = NULL;
        return false;
    }
    c->protocol = &of_http2;
    c->x = NULL;
    st->s.in = H2_IN_ENDED;
    x->transport = &server_h2_out_transport;
    return true;
}
