/* The exchange: its states, its holds, the request's body, what holds the response back, and the
 * end. How a response goes out is in exchange_response.c.
 *
 * The transport answers with exchange_finished or exchange_lost; both end in leave(), the only
 * place where on_done is called.
 *
 * To add a state, extend `edges` and `names`; nothing else writes x->state. */
#include "http/exchange.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/filter.h"
#include "net/tcp.h"
#include "net/tls/tls.h"

enum { EXCHANGES_KEPT = 1024 };

/* process-wide: shared by all connections; those of small transports are the second */
static struct mem_cache caches[] = {
    {NULL, sizeof(struct exchange) + EXCHANGE_ROOM, 0, EXCHANGES_KEPT},
    {NULL, sizeof(struct exchange) + EXCHANGE_ROOM_SMALL, 0, EXCHANGES_KEPT},
};

#define TO(state) (1u << EXCHANGE_##state)

static const uint8_t edges[] = {
    [EXCHANGE_IDLE] = TO(HEAD_IN) | TO(ABORTED),
    [EXCHANGE_HEAD_IN] = TO(HANDLING) | TO(ABORTED),
    [EXCHANGE_HANDLING] = TO(HEAD_OUT) | TO(DETACHED) | TO(ABORTED),
    [EXCHANGE_HEAD_OUT] = TO(BODY_OUT) | TO(DETACHED) | TO(ABORTED),
    [EXCHANGE_BODY_OUT] = TO(DONE) | TO(DETACHED) | TO(ABORTED),
    [EXCHANGE_DONE] = 0,
    [EXCHANGE_DETACHED] = 0,
    [EXCHANGE_ABORTED] = 0,
};

static const char *const names[] = {"IDLE",     "HEAD_IN", "HANDLING", "HEAD_OUT",
                                    "BODY_OUT", "DONE",    "DETACHED", "ABORTED"};

const char *exchange_state_name(enum exchange_state s)
{
    return (unsigned)s < ARRAY_LEN(names) ? names[s] : "?";
}

void exchange_set_state(struct exchange *x, enum exchange_state to)
{
    if (UNLIKELY(!(edges[x->state] & (1u << to))))
        PANIC("exchange: no edge from %s to %s", exchange_state_name(x->state),
              exchange_state_name(to));
    x->state = to;
    if (to == EXCHANGE_HANDLING)
        x->is_head = x->req.method == METHOD_HEAD;
}

/* A peer must not be able to write control sequences to a terminal, or lines of its own. */
void exchange_add_shown(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02X", c);
        else
            buf_add_char(out, s.p[i]);
    }
}

struct slice exchange_shown(struct exchange *x, struct slice s)
{
    struct buf b = BUF_EMPTY;
    struct slice shown;

    if (header_is_value(s))
        return s;
    exchange_add_shown(&b, s);
    shown = pool_dup(&x->pool, buf_slice(&b));
    buf_free(&b);
    return shown;
}

static void add_quoted(struct buf *out, const char *name, struct slice value)
{
    buf_printf(out, ", %s: \"", name);
    exchange_add_shown(out, value);
    buf_add_char(out, '"');
}

/* ", client: …, server: …, request: "…", host: "…"", as far as known. */
static void describe(const struct log_ctx *ctx, struct buf *out)
{
    const struct exchange *x = CONTAINER_OF(ctx, struct exchange, log);
    const struct header *host = header_find_id(&x->req.headers, HEADER_HOST);

    if (x->peer) {
        buf_add_lit(out, ", client: ");
        addr_format_host(x->peer, out);
    }
    if (x->server_name.n)
        buf_printf(out, ", server: " SLICE_FMT, SLICE_ARG(x->server_name));
    if (x->req.line.n)
        add_quoted(out, "request", x->req.line);
    if (host)
        add_quoted(out, "host", host->value);
}

struct exchange *exchange_new(const struct exchange_transport *transport, void *conn,
                              const struct http_settings *settings)
{
    struct exchange *x = mem_cache_take(&caches[transport->is_small]);

    memset(x, 0, offsetof(struct exchange, pool));
    pool_init(&x->pool, x + 1, transport->is_small ? EXCHANGE_ROOM_SMALL : EXCHANGE_ROOM);
    x->transport = transport;
    x->conn = conn;
    x->settings = settings;
    x->holds = 1;
    x->req.content_length = -1;
    x->res.content_length = -1;
    x->res.last_modified = -1;
    x->body_left = -1;
    x->send_rate = -1;
    x->log.describe = describe;
    return x;
}

void exchange_hold(struct exchange *x)
{
    CHECK(x->holds > 0);
    x->holds++;
}

void exchange_release(struct exchange *x)
{
    CHECK(x->holds > 0);
    if (--x->holds)
        return;
    CHECK(x->state >= EXCHANGE_DONE);
    if (x->transport->release)
        x->transport->release(x);
    pool_reset(&x->pool);
    if (x->req.tls)
        tls_release(&x->req.tls);
    mem_cache_give(&caches[x->transport->is_small], x);
}

int exchange_socket(const struct exchange *x)
{
    return x->conn && x->state < EXCHANGE_DONE && x->transport->fd ? x->transport->fd(x) : -1;
}

const struct addr *exchange_local(struct exchange *x)
{
    int fd;

    if (x->local)
        return x->local;
    fd = exchange_socket(x);
    if (fd >= 0) {
        struct addr *a = pool_new(&x->pool, struct addr);

        if (!addr_of_fd(fd, false, a))
            x->local = a;
    }
    return x->local;
}

const struct tcp_figures *exchange_figures(struct exchange *x)
{
    int fd = exchange_socket(x);

    if (fd < 0)
        return x->figures;
    if (!x->figures)
        x->figures = pool_new(&x->pool, struct tcp_figures);
    if (!tcp_ask_figures(fd, x->figures))
        x->figures = NULL;
    return x->figures;
}

/* --- how much is on its way out --- */

static bool is_full(const struct exchange *x)
{
    return x->transport->queued(x) > x->settings->send_watermark;
}

bool exchange_is_congested(const struct exchange *x)
{
    return x->state < EXCHANGE_DONE && (x->paused || is_full(x));
}

static bool is_behind(const struct filter *f, const struct filter *other)
{
    while (other && other != f)
        other = other->next;
    return other == f;
}

void filter_pause(struct filter *f, struct exchange *x)
{
    struct filter **at = &x->paused;

    CHECK(f->ops->resume);
    while (*at && is_behind(*at, f))
        at = &(*at)->next_paused;
    CHECK(*at != f);
    f->next_paused = *at;
    *at = f;
    if (!x->is_waiting_drained)
        x->drain_goal = x->settings->send_watermark;
    x->transport->wait_drained(x);
}

/* Who waits already is not woken too early by who waits for less. */
void exchange_wait_drained(struct exchange *x, bool to_empty)
{
    size_t watermark = x->settings->send_watermark;
    size_t goal = to_empty || !watermark ? 0 : watermark - 1;

    if (x->state >= EXCHANGE_DONE)
        return;
    x->drain_goal = x->is_waiting_drained ? MIN(x->drain_goal, goal) : goal;
    x->is_waiting_drained = true;
    x->transport->wait_drained(x);
}

/* --- the request's body --- */

enum body_result exchange_read_body(struct exchange *x, struct slice *data)
{
    enum body_result r;

    *data = SLICE_EMPTY;
    if (x->state >= EXCHANGE_DONE && !x->body_err)
        x->body_err = &err_closed;
    if (x->body_err)
        return BODY_FAILED;
    r = UNLIKELY(x->reader) ? x->reader->read(x, data) : x->transport->read_body(x, data);
    x->has_body_read = true;
    return r;
}

bool exchange_has_whole_body(const struct exchange *x)
{
    return !x->reader && x->state < EXCHANGE_DONE && x->transport->has_whole_body &&
           x->transport->has_whole_body(x);
}

void exchange_wait_body(struct exchange *x)
{
    if (x->state >= EXCHANGE_DONE)
        return;
    x->is_waiting_body = true;
    if (!x->reader || !x->reader->wait(x))
        x->transport->wait_body(x);
}

bool exchange_refuses_size(struct exchange *x, int64_t size)
{
    if (!exchange_is_too_large(x, size))
        return false;
    log_write(&x->log, LOG_ERROR, "client intended to send too large body: %lld bytes",
              (long long)size);
    return true;
}

uint64_t exchange_allowance(const struct exchange *x, uint64_t sent)
{
    uint64_t ms = clock_ms() - x->send_since + EXCHANGE_PACE_MS;
    uint64_t worth = x->settings->send_rate_after + (uint64_t)x->send_rate * ms / 1000;

    return worth > sent ? worth - sent : 0;
}

int exchange_body_status(const struct exchange *x)
{
    static const struct {
        const struct err *err;
        int status;
    } rows[] = {
        {&err_too_large, 413},
        {&err_timeout, 408},
        {&err_unsupported, 415},
        /* it came, and could not be kept */
        {&err_no_resources, 500},
        {&err_not_found, 500},
        {&err_denied, 500},
        {&err_io, 500},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (x->body_err == rows[i].err)
            return rows[i].status;
    return 400;
}

void exchange_notify_body(struct exchange *x)
{
    if (!x->is_waiting_body)
        return;
    x->is_waiting_body = false;
    if (x->user.on_body)
        x->user.on_body(x);
}

/* Lets the filters that hold pieces go on. True: they are through with them. */
static bool resume_filters(struct exchange *x)
{
    while (x->paused && !is_full(x)) {
        struct filter *f = x->paused, *others = f->next_paused;

        x->paused = others;
        f->ops->resume(f, x);
        if (x->state >= EXCHANGE_DONE)
            return false;
        if (x->paused != others)
            break; /* one of them paused anew */
    }
    return !x->paused;
}

static void notify_user(struct exchange *x)
{
    if (!x->is_waiting_drained || x->transport->queued(x) > x->drain_goal)
        return;
    x->is_waiting_drained = false;
    if (x->user.on_drained)
        x->user.on_drained(x);
}

void exchange_notify_drained(struct exchange *x)
{
    if (LIKELY(!x->paused)) {
        notify_user(x);
        return;
    }
    exchange_hold(x);
    if (resume_filters(x))
        notify_user(x);
    exchange_release(x);
}

/* --- the end --- */

static void leave(struct exchange *x, enum exchange_state to)
{
    exchange_set_state(x, to);
    x->is_waiting_body = x->is_waiting_drained = false;
    x->conn = NULL;
}

static void report_done(struct exchange *x)
{
    if (x->user.on_done)
        x->user.on_done(x);
    exchange_release(x);
}

/* The log is written when the connection may be another's already. */
static void keep_what_is_logged(struct exchange *x)
{
    (void)exchange_local(x);
    (void)exchange_figures(x);
}

void exchange_finished(struct exchange *x)
{
    if (UNLIKELY(x->settings->logs_connection))
        keep_what_is_logged(x);
    leave(x, EXCHANGE_DONE);
    report_done(x);
}

void exchange_lost(struct exchange *x, const struct err *why)
{
    leave(x, EXCHANGE_ABORTED);
    x->abort_err = why;
    if (!x->has_ended && x->user.on_cancel)
        x->user.on_cancel(x, why);
    report_done(x);
}

struct stream *exchange_detach(struct exchange *x, struct buf *in, struct outq *out)
{
    struct stream *s;

    if (x->state < EXCHANGE_HANDLING || x->state >= EXCHANGE_DONE || x->has_ended ||
        !x->transport->detach)
        return NULL;
    s = x->transport->detach(x, in, out);
    if (!s)
        return NULL;
    leave(x, EXCHANGE_DETACHED);
    report_done(x);
    return s;
}

void exchange_abort(struct exchange *x, const struct err *why)
{
    if (x->state >= EXCHANGE_DONE)
        return;
    x->abort_err = why;
    x->transport->abort(x, why);
    leave(x, EXCHANGE_ABORTED);
    report_done(x);
}
