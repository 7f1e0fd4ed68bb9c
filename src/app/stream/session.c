/* Sessions: the transport of their exchanges, and their end.
 *
 * The last piece of the answer ends the session: the wire comes back from whoever it was lent to,
 * what is queued is sent for as long as the client takes some, then the stream is closed and the
 * exchange is finished. A session that is aborted is closed at once.
 *
 * Sessions stand in a list of the process, so that a worker knows what it holds; they leave it when
 * their exchange is freed, after the log phase. */
#include "app/stream/session.h"

#include "base/check.h"
#include "base/clock.h"
#include "http/exchange_transport.h"
#include "loop/loop.h"
#include "net/tls/tls.h"

enum { DROPS_MOST = 16, STATUS_CLIENT_CLOSED = 499 };

static struct list sessions = LIST_INIT(sessions); /* process-wide: all that are open */
static unsigned n_sessions;                        /* process-wide: how many */
static void (*gone)(void);                         /* process-wide: who counts connections */

unsigned session_count(void)
{
    return n_sessions;
}

void session_on_gone(void (*fn)(void))
{
    gone = fn;
}

/* --- whose wire it is --- */

/* What the present wire has counted is known here from now on; it is about to be given up. */
static void settle_counts(struct session *s)
{
    s->received += s->wire->taken;
    s->sent += s->wire->written;
    s->wire->taken = s->wire->written = 0;
}

static void move(struct session *s, struct wire *to, void (*on_event)(struct wire *w, int events))
{
    struct wire_end *end = s->wire->end;
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *stream;

    outq_init(&out);
    settle_counts(s);
    stream = wire_release(s->wire, &in, &out);
    s->wire = to;
    if (stream) {
        wire_open(to, stream, on_event);
        wire_resume(to, buf_slice(&in), &out);
        if (end)
            wire_mind_end(to, end);
    }
    buf_free(&in);
    outq_clear(&out);
}

void session_lend(struct session *s, struct wire *w, void (*on_event)(struct wire *w, int events),
                  session_fn fn)
{
    move(s, w, on_event);
    s->on_return = fn;
}

static void on_event(struct wire *w, int events);

static void take_back(struct session *s)
{
    session_fn fn = s->on_return;

    if (s->wire == &s->own)
        return;
    move(s, &s->own, on_event);
    s->on_return = NULL;
    fn(s);
}

void session_start_tls(struct session *s, struct tls_ctx *ctx)
{
    struct wire *w = s->wire;
    struct wire_end *end = w->end;
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *under;

    outq_init(&out);
    settle_counts(s);
    under = wire_release(w, &in, &out);
    wire_open(w, tls_accept_after(under, ctx, buf_slice(&in)), w->on_event);
    if (end)
        wire_mind_end(w, end);
    buf_free(&in);
}

struct stream *session_take(struct session *s, struct buf *in, struct outq *out)
{
    struct stream *stream;

    take_back(s);
    settle_counts(s);
    s->received += s->own.n;
    stream = wire_release(&s->own, in, out);
    return stream;
}

uint64_t session_preread_left(const struct session *s)
{
    uint64_t spent = clock_ms() - s->v->x->start_ms, most = s->v->loc->preread_timeout;

    return most ? most - MIN(spent, most) : UINT64_MAX;
}

bool session_wait_input(struct session *s, session_fn on_input)
{
    uint64_t left = session_preread_left(s);

    if (!s->own.stream || s->own.has_eof || s->own.stream->err || !left)
        return false;
    s->on_input = on_input;
    wire_wait(&s->own, IO_READ, left == UINT64_MAX ? 0 : left);
    return true;
}

/* --- the end --- */

/* The stream is the caller's to close; what is still queued is dropped. */
static struct stream *give_up_wire(struct session *s)
{
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *stream;

    take_back(s);
    if (s->is_udp && s->own.stream) /* a datagram that nobody has read was received all the same */
        (void)wire_fill(&s->own, 0);
    settle_counts(s);
    s->received += s->own.n;
    s->sent -= MIN(s->sent, s->own.out.bytes);
    outq_init(&out);
    stream = wire_release(&s->own, &in, &out);
    buf_free(&in);
    outq_clear(&out);
    s->ended_ms = clock_ms();
    return stream;
}

/* What has come and nobody has read would make the kernel reset the connection, and what we sent
 * last be lost. */
static void drop_input(struct stream *stream)
{
    static char bytes[16384]; /* process-wide: what is dropped */

    for (int i = 0; i < DROPS_MOST; i++)
        if (stream_read(stream, bytes, sizeof(bytes)) <= 0)
            return;
}

/* The log is written before the client hears of the end. */
static void finish(struct session *s)
{
    struct exchange *x = s->v->x;
    bool has_input = s->own.stream && !s->own.has_eof && !s->is_udp;
    struct stream *stream = give_up_wire(s);

    if (has_input && stream)
        drop_input(stream);

    if (x->res.status == 0)
        x->res.status = 200;
    exchange_finished(x);
    stream_close(&stream, false);
}

/* Everything was answered: sends what is left, then ends. */
static void end_when_sent(struct session *s)
{
    take_back(s);
    if (s->own.stream && wire_drained(&s->own, 0) == WIRE_WAIT)
        wire_wait(&s->own, IO_WRITE, s->v->loc->sockets.send_timeout);
    else
        finish(s);
}

static void let_go(void *x)
{
    exchange_release(x);
}

/* The client has ended its side: what runs is cancelled, or told by ngx.on_abort. */
static void on_end(struct wire_end *e)
{
    struct session *s = CONTAINER_OF(e, struct session, end);
    struct exchange *x = s->v->x;
    struct stream *stream;

    exchange_hold(x);
    loop_free_later(x, let_go);
    stream = give_up_wire(s);
    x->res.status = STATUS_CLIENT_CLOSED;
    stream_close(&stream, false);
    exchange_lost(x, &err_closed);
}

void session_mind_end(struct session *s)
{
    s->end.fn = on_end;
    wire_mind_end(s->wire, &s->end);
}

/* The wire, which is in the pool, is still at work after this call: the end of the turn is soon
 * enough to lose it. */
static void on_event(struct wire *w, int events)
{
    struct session *s = CONTAINER_OF(w, struct session, own);
    session_fn on_input = s->on_input;

    exchange_hold(s->v->x);
    loop_free_later(s->v->x, let_go);
    if (events & IO_WRITE) {
        finish(s);
    } else if (on_input) {
        s->on_input = NULL;
        on_input(s);
    }
}

/* --- the transport --- */

static void send_head(struct exchange *x, bool has_body)
{
    UNUSED(x);
    UNUSED(has_body);
}

static void send_body(struct exchange *x, const struct chunk *c)
{
    struct session *s = x->conn;
    bool is_last = c->is_last;

    CHECK(c->fd < 0);
    if (c->bytes.n && s->wire->stream) {
        wire_write_begin(s->wire);
        wire_write_add(s->wire, c->bytes.p, c->bytes.n);
        (void)wire_write_end(s->wire);
    }
    if (is_last)
        end_when_sent(s);
}

static void send_informational(struct exchange *x, int status, const struct header_list *headers)
{
    UNUSED(x);
    UNUSED(status);
    UNUSED(headers);
}

static size_t queued(const struct exchange *x)
{
    const struct session *s = x->conn;

    return s->wire->out.bytes;
}

static enum body_result read_body(struct exchange *x, struct slice *data)
{
    UNUSED(x);
    UNUSED(data);
    return BODY_END; /* there is no request */
}

static void wait_body(struct exchange *x)
{
    UNUSED(x);
}

/* Whoever waits for a session's output waits for its wire. */
static void wait_drained(struct exchange *x)
{
    UNUSED(x);
}

static int fd_of(const struct exchange *x)
{
    const struct session *s = x->conn;

    return s->wire->stream ? stream_fd(s->wire->stream) : -1;
}

static void abort_session(struct exchange *x, const struct err *why)
{
    struct stream *stream = give_up_wire(x->conn);

    UNUSED(why);
    if (x->res.status == 0)
        x->res.status = 500;
    stream_close(&stream, true);
}

static void release(struct exchange *x)
{
    struct session *s = visit_of(x)->session;

    list_remove(&s->node);
    n_sessions--;
    if (gone)
        gone();
}

static const struct exchange_transport transport = {
    .send_head = send_head,
    .send_body = send_body,
    .send_informational = send_informational,
    .queued = queued,
    .read_body = read_body,
    .wait_body = wait_body,
    .wait_drained = wait_drained,
    .fd = fd_of,
    .abort = abort_session,
    .release = release,
    .is_small = true,
};

void session_close_all(void)
{
    struct list *node = sessions.next;

    while (node != &sessions) {
        struct session *s = CONTAINER_OF(node, struct session, node);

        node = node->next;
        exchange_abort(s->v->x, &err_closed);
    }
}

struct session *session_new(struct stream *stream, struct slice in)
{
    struct exchange *x = exchange_new(&transport, NULL, &http_settings_default);
    struct session *s = pool_new(&x->pool, struct session);

    x->conn = s;
    s->v = pool_new(&x->pool, struct visit);
    s->v->x = x;
    s->v->session = s;
    x->app = s->v;
    s->wire = &s->own;
    wire_init(&s->own);
    wire_open(&s->own, stream, on_event);
    wire_unread(&s->own, in);
    list_append(&sessions, &s->node);
    n_sessions++;
    return s;
}
