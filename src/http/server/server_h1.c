/* HTTP/1.x on a connection: from input to exchanges, one at a time, and what happens between them.
 *
 * Everything meets in on_work, which runs after each event and whenever something was scheduled: it
 * goes on with the input as far as the phase allows (advance), sends what is queued and tells those
 * who wait for that (push), and starts over if that made room. An answer given inside on_exchange
 * thus leads to the next turn of a loop, never deeper into the stack; an answer given later
 * schedules on_work.
 *
 * A head is parsed where it lies. When it is whole it is copied to the exchange's pool and the
 * slices are moved along.
 *
 * To act on another fact of the head, see take_head; on another phase of the connection, see
 * advance and on_readable. */
#include "http/server/server_h1.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "http/conn_failure.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1_body.h"
#include "http/server/server_h1_out.h"
#include "http/server/server_h2.h"
#include "http/server/server_h2_upgrade.h"
#include "net/flush.h"
#include "net/tcp.h"
#include "net/tls/tls.h"

static struct http1_head head; /* process-wide: parsed and used up within one call */

/* --- the end of a connection --- */

static void lose(struct server_conn *c, const struct err *why, bool reset)
{
    struct exchange *x = c->x;

    server_conn_forget_output(c);
    c->x = NULL;
    if (reset)
        server_conn_reset(c);
    else
        server_conn_close(c);
    if (x)
        exchange_lost(x, why);
}

/* All output is out. A peer that may still be sending is given time to read the answer: closing
 * with unread input would reset the connection (RFC 9112 section 9.6). The shutdown before sends
 * what push has left for its packet, whatever has come in meanwhile. */
static void end_connection(struct server_conn *c)
{
    struct slice in = server_conn_input(c);
    bool may_send = c->body || c->must_close || in.n;

    if (c->has_eof || !http_settings_lingers(c->server->settings, may_send)) {
        if (c->out.is_last)
            stream_shutdown(c->stream);
        server_conn_close(c);
        return;
    }
    server_conn_drop_body(c);
    server_conn_linger(c);
}

/* --- heads --- */

/* Fills in the request from `head`, which was parsed at `p`: copies the bytes to the pool. */
static void take_head(struct exchange *x, const char *p)
{
    struct request *r = &x->req;
    const char *copy = http1_head_keep(&head, p, &x->pool, &r->headers);

    r->method = head.method;
    r->method_token = http1_moved(head.method_token, p, copy);
    r->line = http1_moved(head.request_line, p, copy);
    r->target = http1_moved(head.target, p, copy);
    r->host = head.host.p ? http1_moved(head.host, p, copy) : head.host;
    r->host_port = head.host_port;
    r->content_length = head.content_length;
    r->version_major = 1;
    r->version_minor = head.minor;
    r->has_unsized_body = head.is_chunked;
    r->expects_continue = head.has_expect_continue;
    x->request_length = head.size;
}

static struct exchange *new_exchange(struct server_conn *c)
{
    struct exchange *x = server_conn_exchange(c, &server_h1_out_transport, c->since);

    x->conn = c;
    c->x = x;
    c->framing = 0;
    c->is_ending = false;
    c->has_progress = true;
    server_conn_set_phase(c, CONN_BUSY);
    return x;
}

/* A request that is refused by the rules; the app writes the answer, and it is the last one. */
static void refuse(struct exchange *x, int status, const char *reason)
{
    struct server_conn *c = x->conn;

    c->must_close = true;
    x->keep_alive = false;
    server_conn_refuse(c, x, status, reason);
}

/* A head that cannot be taken as it is, or will not be completed. */
static void refuse_head(struct server_conn *c, int status, const char *reason)
{
    struct slice in = server_conn_input(c);
    struct exchange *x = new_exchange(c);

    x->req.version_major = x->req.version_minor = 1;
    x->req.line = pool_dup(&x->pool, head.request_line);
    x->req.method_token = x->req.target = x->req.uri = x->req.path = x->req.host = SLICE_EMPTY;
    x->request_length = in.n;
    server_conn_consume(c, in.n);
    refuse(x, status, reason);
}

static void begin(struct server_conn *c, const char *p)
{
    struct server *s = c->server;
    struct exchange *x = new_exchange(c);
    const char *reason;
    int status;

    take_head(x, p);
    server_conn_consume(c, head.size);
    /* behind a CONNECT may stand bytes that were meant for the tunnel, whatever is answered */
    x->keep_alive = head.has_keep_alive && head.method != METHOD_CONNECT;
    status = message_resolve(&x->req, s->settings->has_connect, &x->pool, &reason);
    if (UNLIKELY(status)) {
        refuse(x, status, pool_printf(&x->pool, "client sent invalid request: %s", reason).p);
        return;
    }
    if (UNLIKELY(s->tls && !x->req.is_tls)) {
        refuse(x, 497, "client sent plain HTTP request to HTTPS port");
        return;
    }
    if (UNLIKELY(head.has_upgrade) && server_h2_upgrade_try(c, x))
        server_conn_work_late(c); /* the rest is of HTTP/2 */
    else
        server_h1_body_begin(c, &x->req);
    exchange_set_state(x, EXCHANGE_HANDLING);
    s->on_exchange(x, s->user);
}

/* Could the bytes that came since the last try have completed the head, made it too long, or shown
 * that a CR stands alone? */
static bool is_worth_parsing(const struct server_conn *c, struct slice in)
{
    struct slice fresh = slice_from(in, c->parsed), around;
    const char *cr;

    if (c->parsed == 0 || memchr(fresh.p, '\n', fresh.n) ||
        fresh.n > c->server->settings->header_line)
        return true;
    around = slice_from(in, c->parsed - 1);
    cr = memchr(around.p, '\r', around.n);
    return cr && cr + 1 < around.p + around.n;
}

static void parse_more(struct server_conn *c, size_t n)
{
    if (c->phase == CONN_IDLE) {
        server_conn_set_phase(c, CONN_HEAD);
        c->since = clock_ms();
    }
    c->parsed = (uint32_t)n;
    if (!c->has_eof)
        return;
    server_conn_log(c, LOG_INFO,
                    "client prematurely closed connection while reading client request headers");
    server_conn_set_phase(c, CONN_FLUSH);
}

/* Does the client begin HTTP/2, as far as it can be told? */
static bool becomes_h2(struct server_conn *c, struct slice in)
{
    int is_h2 = server_h2_detect(in);

    if (is_h2 > 0)
        server_h2_take_over(c);
    else if (is_h2 == 0)
        parse_more(c, in.n);
    return is_h2 >= 0;
}

/* Was HTTP/1.x meant, so that its answer can be understood? A line that is too long began like one;
 * its version was not seen. */
static bool is_http1(const struct http1_head *h)
{
    return h->status == 414 || memmem(h->request_line.p, h->request_line.n, " HTTP/1.", 8) != NULL;
}

/* The next head of the input, if it is whole. False: nothing more to do with the input now. */
static bool parse(struct server_conn *c)
{
    const struct http_settings *s = c->server->settings;
    struct http1_limits limits = {s->header_line, s->header_block,
                                  MIN(s->header_count, HTTP1_HEADERS_MOST)};
    struct slice in = server_conn_input(c);
    char text[160];

    if (in.n == 0) {
        if (c->has_eof || server_conn_is_dispensable(c))
            server_conn_set_phase(c, CONN_FLUSH);
        return false;
    }
    if (c->parsed == in.n && !c->has_eof)
        return false;
    /* with TLS, ALPN has decided */
    if (UNLIKELY(c->requests == 0 && c->server->speaks_http2) && !c->server->tls &&
        becomes_h2(c, in))
        return false;
    if (!is_worth_parsing(c, in)) {
        if (c->has_eof)
            parse_more(c, c->parsed);
        return false;
    }
    switch (http1_parse_request(in.p, in.n, &limits, &head)) {
    case HTTP1_MORE:
        parse_more(c, in.n);
        return false;
    case HTTP1_DONE:
        if (c->phase == CONN_IDLE)
            c->since = clock_ms();
        begin(c, in.p);
        return true;
    default:
        if (c->server->speaks_http2 && c->requests == 0 && !is_http1(&head)) {
            server_conn_log(c, LOG_INFO, "client began neither HTTP/1.1 nor HTTP/2");
            server_conn_set_phase(c, CONN_FLUSH);
            return false;
        }
        if (c->phase == CONN_IDLE)
            c->since = clock_ms();
        (void)snprintf(text, sizeof(text), "client sent invalid request: %s", head.reason);
        refuse_head(c, head.status, text);
        return true;
    }
}

/* Drops the rest of a body that nobody has read. False: wait for more of it, or the connection
 * ends. */
static bool drain(struct server_conn *c)
{
    switch (server_h1_body_drain(c)) {
    case HTTP1_DONE:
        server_conn_set_phase(c, CONN_IDLE);
        return true;
    case HTTP1_BAD:
        server_conn_set_phase(c, CONN_FLUSH);
        return false;
    default:
        if (c->has_eof)
            server_conn_set_phase(c, CONN_FLUSH);
        return false;
    }
}

/* Goes on with the input as far as the phase and the peer's appetite allow. */
static void advance(struct server_conn *c)
{
    size_t most = c->server->settings->send_watermark;

    while (c->stream && (c->out.bytes <= most || c->phase == CONN_DRAIN)) {
        if (c->phase == CONN_DRAIN) {
            if (!drain(c))
                return;
        } else if (c->phase > CONN_HEAD || !parse(c)) {
            return;
        }
    }
}

/* --- work --- */

/* Sends what is queued and tells who waits. False: the connection is gone. */
static bool push(struct server_conn *c)
{
    if (c->phase == CONN_FLUSH)
        c->out.is_last = !tls_is(c->stream);
    if (!c->stream->err && !outq_is_empty(&c->out) && !c->is_blocked && !c->is_paced &&
        !server_conn_flush_late(c))
        (void)server_conn_flush(c);
    if (UNLIKELY(c->stream->err != NULL)) {
        lose(c, c->stream->err, false);
        return false;
    }
    if (c->x && c->is_ending) {
        if (outq_is_empty(&c->out))
            server_h1_out_finish(c);
    } else if (c->x) {
        exchange_notify_drained(c->x);
        if (c->x && c->x->is_waiting_body && server_h1_body_has_news(c))
            exchange_notify_body(c->x);
    }
    return c->stream != NULL;
}

/* Is there something to do with the input, or with its end? push may have ended an exchange. */
static bool can_advance(const struct server_conn *c)
{
    size_t n = server_conn_input(c).n;

    if (c->phase == CONN_DRAIN)
        return n > 0 || c->has_eof;
    if (c->phase > CONN_HEAD || c->out.bytes > c->server->settings->send_watermark)
        return false;
    return c->has_eof || (n > c->parsed && is_worth_parsing(c, server_conn_input(c)));
}

/* The usual end of an answer: it has gone out, and nothing else has come. */
static bool is_at_rest(const struct server_conn *c)
{
    const struct server *s = c->server;

    return c->phase == CONN_IDLE && c->requests && outq_is_empty(&c->out) && !c->has_eof &&
           !c->stream->err && !s->is_draining && !s->is_crowded && !server_conn_input(c).n;
}

static void on_work(struct server_conn *c)
{
    if (is_at_rest(c))
        return;
    do {
        advance(c);
        if (c->protocol != &server_h1_protocol) {
            c->protocol->on_work(c);
            return;
        }
        if (!c->stream || !push(c))
            return;
    } while (can_advance(c));
    if (c->phase == CONN_FLUSH && outq_is_empty(&c->out))
        end_connection(c);
    else if (!outq_is_empty(&c->out) && !c->is_blocked && !c->is_paced && !flush_is_late(&c->out))
        loop_at_end(&c->later); /* queued by those that push has told */
}

/* The end of a side may be that of the connection, or of the questions alone. Who said that this
 * was its last request may have meant the latter, and is answered; who wanted to keep the
 * connection has left. */
static bool has_left(const struct exchange *x)
{
    return x->keep_alive &&
           x->ends_with_client >=
               (exchange_has_started(x) ? EXCHANGE_ENDS_MIDWAY : EXCHANGE_ENDS_UNANSWERED);
}

/* The peer has ended its side, or its connection, while an exchange is on; `unread` bytes stand
 * before that. A body that will never be whole says that nobody waits for the answer. */
static void notice_end(struct server_conn *c, size_t unread)
{
    struct exchange *x = c->x;
    bool is_endless = exchange_has_started(x) && !x->has_ended && x->res.content_length < 0;
    bool is_cut = c->body && c->body->kind == HTTP1_BODY_LENGTH && (uint64_t)c->body->left > unread;

    if (x->has_ended)
        return;
    if (is_endless || is_cut || (x->settings->does_check_abort && !c->body) ||
        (has_left(x) && !c->body && !unread)) {
        log_write(&x->log, LOG_INFO, "client closed connection while the request was handled");
        lose(c, &err_closed, false);
    }
}

static void on_readable_busy(struct server_conn *c)
{
    size_t n = server_conn_input(c).n;
    ssize_t got;

    if (c->x->is_waiting_body) {
        exchange_notify_body(c->x);
        return;
    }
    if (n >= CONN_INPUT_BUFFER)
        return;
    got = server_conn_read(c, CONN_INPUT_BUFFER - n);
    if (got == 0)
        notice_end(c, n);
}

/* As much of a body as we keep has come and nobody reads it, so the end of the peer would not show:
 * the socket is asked. */
static void look_for_end(struct server_conn *c)
{
    size_t in_kernel = 0, all;

    switch (tcp_ask_peer(stream_fd(c->stream), &in_kernel)) {
    case TCP_PEER_OPEN:
        break;
    case TCP_PEER_ENDED:
        all = server_conn_input(c).n + stream_unread(c->stream) + in_kernel;
        notice_end(c, tls_is(c->stream) ? SIZE_MAX : all); /* of TLS it is not known */
        break;
    case TCP_PEER_GONE:
        log_write(&c->x->log, LOG_INFO, "client closed connection while the request was handled");
        lose(c, &err_closed, false);
        break;
    }
}

static void on_readable(struct server_conn *c)
{
    switch ((enum server_conn_phase)c->phase) {
    case CONN_IDLE:
        conn_failure_read(c, "while waiting for request"); /* on_work looks at what came of it */
        return;
    case CONN_HEAD:
        conn_failure_read(c, "while reading client request headers");
        return;
    case CONN_DRAIN:
        (void)server_conn_read(c, CONN_INPUT_BUFFER);
        return;
    case CONN_BUSY:
        on_readable_busy(c);
        return;
    case CONN_LINGER:
        if (!server_conn_linger_on(c))
            server_conn_close(c);
        return;
    default:
        return;
    }
}

/* A process that was kept from running sees the clock before it has read what came in time. */
static void on_idle_expired(struct server_conn *c)
{
    if (server_conn_read(c, CONN_INPUT_BUFFER) <= 0)
        server_conn_close(c);
}

static void on_head_expired(struct server_conn *c)
{
    if (c->phase == CONN_IDLE) {
        on_idle_expired(c);
        return;
    }
    c->is_late = true;
    head.request_line = SLICE_EMPTY;
    refuse_head(c, 408, "client timed out");
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    switch (what) {
    case CONN_WAIT_HEAD:
        on_head_expired(c);
        return;
    case CONN_WAIT_KEEPALIVE:
    case CONN_WAIT_CROSSING:
        on_idle_expired(c);
        return;
    case CONN_WAIT_BODY:
        if (!c->x) {
            server_conn_close(c);
            return;
        }
        log_write(&c->x->log, LOG_INFO, "client timed out while reading client request body");
        c->x->body_err = &err_timeout;
        c->must_close = c->is_late = true;
        exchange_notify_body(c->x);
        return;
    case CONN_WAIT_SEND:
        if (c->x)
            log_write(&c->x->log, LOG_INFO, SEND_TIMED_OUT);
        else
            server_conn_log(c, LOG_INFO, SEND_TIMED_OUT);
        lose(c, &err_timeout, true);
        return;
    case CONN_WAIT_PEER:
        look_for_end(c);
        return;
    case CONN_WAIT_PACE:
        c->is_paced = false; /* on_work sends on */
        return;
    default:
        server_conn_close(c);
    }
}

static void on_close_all(struct server_conn *c)
{
    lose(c, &err_closed, true);
}

const struct server_conn_protocol server_h1_protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
};
