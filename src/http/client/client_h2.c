/* HTTP/2 on a client's connection: input to the session, the session's output to the queue, and the
 * connection's end.
 *
 * on_work does everything, after each event and whenever something was scheduled: frames from the
 * input; what was noted about streams (client_h2_stream_settle), so that a small answer is told
 * whole; then what the session has to say, and one flush. A server that does not read has no more
 * input taken. A connection that the server has said goodbye to takes no more requests and closes
 * with its last stream. */
#include "http/client/client_h2.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/client/client_h2_stream.h"
#include "loop/io.h"
#include "net/tls/tls.h"
#include "net/tls/tls_info.h"

enum { OUTPUT_MOST = 131072, FRAMES_AT_ONCE = 64 };

static struct client_h2 *h2_of(const struct client_conn *c)
{
    return c->state;
}

bool client_h2_is_agreed(const struct client_way *way, const struct stream *s)
{
    if (way->tls)
        return tls_is(s) && slice_eq(tls_info_alpn(s), SLICE("h2"));
    return way->knows_h2;
}

/* --- events of the session --- */

static void on_settings(void *user)
{
    struct client_h2 *h2 = user;

    h2->has_room_news = true;
    client_h2_stream_note_settings(h2);
}

static void on_goaway(void *user, uint32_t code, struct slice text)
{
    struct client_h2 *h2 = user;

    h2->has_room_news = true;
    h2->wants_http1 |= code == H2_HTTP_1_1_REQUIRED;
    if (code != H2_NO_ERROR)
        (void)snprintf(h2->reason, sizeof(h2->reason),
                       "the server ends the connection: error %u%s" SLICE_FMT, code,
                       text.n ? ", " : "", SLICE_ARG(text));
}

static void on_pong(void *user)
{
    ((struct client_h2 *)user)->has_pinged = false;
}

/* The server has broken a rule: nothing of the connection is believed any more. */
static void on_goaway_sent(void *user, uint32_t code, struct slice text)
{
    struct client_h2 *h2 = user;
    const char *reason = h2_session_reason(h2->link.session);

    if (code == H2_NO_ERROR)
        return;
    if (!text.n && reason)
        text = slice_str(reason);
    h2->is_broken = true;
    (void)snprintf(h2->reason, sizeof(h2->reason), SLICE_FMT, SLICE_ARG(text));
}

static const struct h2_events events = {
    .on_field = client_h2_head_on_field,
    .on_head_end = client_h2_head_on_end,
    .on_data_head = client_h2_in_on_data_head,
    .on_data = client_h2_in_on_data,
    .on_end = client_h2_in_on_end,
    .on_close = client_h2_in_on_close,
    .on_end_sent = client_h2_out_on_end_sent,
    .on_pong = on_pong,
    .on_settings = on_settings,
    .on_goaway = on_goaway,
    .on_goaway_sent = on_goaway_sent,
    .on_pull = client_h2_out_on_pull,
    .on_output = client_h2_out_on_output,
    .on_output_data = client_h2_out_on_output_data,
};

/* --- work --- */

/* Does the server take what we send? */
static bool may_take_input(const struct client_conn *c)
{
    return c->out.bytes <= OUTPUT_MOST;
}

static void take_input(struct client_conn *c, struct client_h2 *h2)
{
    struct slice in = client_conn_input(c);

    for (unsigned n = 1; in.n && may_take_input(c) && c->stream; n++) {
        size_t before = in.n;
        bool goes_on = h2_session_receive(h2->link.session, &in, clock_ms());

        client_conn_consume(c, goes_on ? before - in.n : before);
        if (n % FRAMES_AT_ONCE == 0)
            h2_session_send(h2->link.session);
        if (h2->is_urgent || n % FRAMES_AT_ONCE == 0)
            client_h2_stream_settle(h2);
        if (!c->stream)
            return;
        in = client_conn_input(c);
    }
}

/* Frames to the queue, the queue to the stream, until either has nothing more. */
static void push(struct client_conn *c, struct client_h2 *h2)
{
    do {
        h2_session_send(h2->link.session);
        client_h2_stream_settle(h2);
        if (!c->stream)
            return;
        client_conn_flush(c);
    } while (!c->is_blocked && !c->stream->err && h2_session_has_output(h2->link.session));
}

/* Why the connection is to be closed now; NULL: it is not, or for no fault (`is_over`). */
static const struct err *end_of(const struct client_conn *c, bool *is_over)
{
    const struct client_h2 *h2 = h2_of(c);

    *is_over = true;
    if (c->stream->err)
        return c->stream->err;
    if (h2->is_broken || h2_session_reason(h2->link.session))
        return &err_protocol;
    if (c->has_eof)
        return &err_closed;
    *is_over = !h2->n_streams && (!h2_session_takes_requests(h2->link.session) || c->must_close) &&
               outq_is_empty(&c->out);
    return NULL;
}

/* The owner hears of room on a connection that is at work, and of one that is free again. */
static void tell_owner(struct client_conn *c, struct client_h2 *h2)
{
    bool was_busy = c->phase == CLIENT_CONN_BUSY;

    h2->has_room_news = false;
    if (!was_busy)
        return;
    if (!h2->n_streams) {
        c->phase = CLIENT_CONN_FREE;
        c->free_since_ms = clock_ms();
        timer_stop(&c->timer);
    }
    c->owner->on_free(c);
}

/* A connection whose responses nobody waits for does not keep a script from ending: what it counts
 * for while it is watched is taken back. */
static void count_in_loop(struct client_conn *c, struct client_h2 *h2, bool counts)
{
    if (stream_fd(c->stream) < 0 || counts != h2->is_released)
        return;
    h2->is_released = !counts;
    if (counts)
        loop_hold();
    else
        loop_release();
}

/* Everything that can go either way. */
static void move(struct client_conn *c, struct client_h2 *h2)
{
    do {
        if (c->stream)
            client_h2_stream_settle(h2);
        if (c->stream)
            take_input(c, h2);
        if (c->stream)
            client_h2_stream_settle(h2);
        if (c->stream)
            push(c, h2);
    } while (c->stream && client_conn_input(c).n && may_take_input(c));
}

static void on_work(struct client_conn *c)
{
    struct client_h2 *h2 = h2_of(c);
    const struct err *why;
    bool is_over;

    count_in_loop(c, h2, true);
    move(c, h2);
    while (c->stream) {
        if (c->must_close || !h2_session_takes_requests(h2->link.session))
            client_h2_stream_part_whole(h2);
        why = end_of(c, &is_over);
        if (is_over) {
            client_conn_end(c, why);
            return;
        }
        if (!h2->has_room_news)
            break;
        tell_owner(c, h2);
        move(c, h2);
    }
    if (c->stream && c->phase == CLIENT_CONN_BUSY && !h2->n_active)
        count_in_loop(c, h2, false);
}

static void on_readable(struct client_conn *c)
{
    struct client_h2 *h2 = h2_of(c);

    if (client_conn_read(c) > 0)
        h2->read_ms = clock_ms(); /* on_work looks at what came of it */
}

static int wants(const struct client_conn *c)
{
    return may_take_input(c) ? IO_READ : 0;
}

/* --- silence --- */

static void watch_silence(struct client_conn *c)
{
    const struct client_h2_options *o = h2_of(c)->options;

    if (o->ping_interval && !timer_is_active(&c->timer))
        timer_start(&c->timer, o->ping_interval);
}

static void on_expired(struct client_conn *c)
{
    struct client_h2 *h2 = h2_of(c);
    uint64_t silent = clock_ms() - h2->read_ms;

    if (h2->has_pinged) {
        client_conn_end(c, &err_timeout);
    } else if (silent >= h2->options->ping_interval) {
        h2->has_pinged = true;
        h2_session_ping(h2->link.session);
        timer_start(&c->timer, h2->options->ping_timeout);
    } else {
        timer_start(&c->timer, h2->options->ping_interval - silent);
    }
}

/* --- the owner's calls --- */

static unsigned room(const struct client_conn *c)
{
    const struct client_h2 *h2 = h2_of(c);
    const struct h2_session *s = h2->link.session;
    unsigned most = 1; /* until the server has said how many */

    if (h2->is_dead || c->must_close || c->has_eof || c->stream->err ||
        !h2_session_takes_requests(s))
        return 0;
    if (h2_session_has_settings(s))
        most = MIN(h2_session_max_streams(s), h2->options->session.max_streams);
    return most > h2->n_open ? most - h2->n_open : 0;
}

static void start(struct client_conn *c, struct client_exchange *x)
{
    struct client_h2 *h2 = h2_of(c);

    c->phase = CLIENT_CONN_BUSY;
    h2->read_ms = clock_ms();
    client_h2_stream_start(h2, x);
    watch_silence(c);
}

static bool is_settled(const struct client_conn *c)
{
    return h2_session_has_settings(h2_of(c)->link.session);
}

static void free_state(void *p)
{
    struct client_h2 *h2 = p;

    h2_session_free(&h2->link.session);
    buf_free(&h2->head.text);
    mem_free(h2);
}

static void on_end(struct client_conn *c, const struct err *why)
{
    struct client_h2 *h2 = h2_of(c);

    h2->is_dead = true;
    if (h2->is_released) /* the stream, which is closed, does not count any more */
        loop_hold();
    h2->is_released = false;
    client_h2_stream_lose_all(h2, why ? why : &err_closed);
    loop_free_later(h2, free_state);
}

static const struct client_conn_protocol protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .wants = wants,
    .start = start,
    .room = room,
    .is_settled = is_settled,
    .on_end = on_end,
};

/* --- life --- */

static void schedule(struct h2_link *l)
{
    client_conn_work_late(CONTAINER_OF(l, struct client_h2, link)->conn);
}

static void abandon(struct h2_stream *s)
{
    CONTAINER_OF(s, struct client_h2_stream, s)->is_unwanted = true;
    h2_stream_note(s);
}

struct client_conn *client_h2_open(struct stream *s, const struct client_h2_options *options,
                                   const struct client_conn_owner *owner, void *user)
{
    struct client_h2 *h2 = mem_new(struct client_h2);

    list_init(&h2->streams);
    list_init(&h2->link.news);
    h2->link.window = options->session.connection_window;
    h2->link.schedule = schedule;
    h2->link.abandon = abandon;
    h2->options = options;
    h2->head.text = BUF_EMPTY;
    h2->conn = client_conn_open(s, &protocol, owner, user);
    h2->conn->state = h2;
    client_conn_set_prompt(h2->conn);
    h2->link.session = h2_session_new_client(&options->session, &events, h2, clock_ms());
    client_conn_work_late(h2->conn);
    return h2->conn;
}
