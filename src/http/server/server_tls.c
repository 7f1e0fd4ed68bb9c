/* All work is done in on_work, which runs after each event and when a hook has resumed the
 * handshake: one call of tls_handshake each. A handshake that waits for a hook watches for nothing.
 *
 * When it is over the protocol is exchanged (choose_protocol: to add one, name it there) and
 * goes on at once with what came behind the handshake. */
#include "http/server/server_tls.h"

#include "base/clock.h"
#include "http/conn_failure.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1.h"
#include "http/server/server_h2.h"
#include "http/server/server_handover.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"

static void choose_protocol(struct server_conn *c)
{
    if (c->server->on_stream)
        c->protocol = &server_handover_protocol;
    else if (slice_eq(tls_info_alpn(c->stream), SLICE("h2")))
        server_h2_take_over(c);
    else
        c->protocol = &server_h1_protocol;
}

static void go_on(struct server_conn *c, bool has_input)
{
    if (!c->server->on_stream)
        c->since = clock_ms();
    if (has_input)
        c->protocol->on_readable(c);
    if (c->stream)
        c->protocol->on_work(c);
}

static void begin_http(struct server_conn *c)
{
    /* the tickets may be on their way alone: an answer must not wait until they are confirmed */
    server_conn_set_nodelay(c);
    choose_protocol(c);
    go_on(c, tls_has_input(c->stream));
}

static void begin_plain(struct server_conn *c)
{
    struct stream *s = c->stream;
    struct buf in = BUF_EMPTY;

    server_conn_set_stream(c, tls_unwrap(&s, &in));
    server_conn_unread(c, buf_slice(&in));
    buf_free(&in);
    c->protocol = &server_h1_protocol;
    go_on(c, false);
}

static void fail(struct server_conn *c)
{
    const struct err *e = c->stream->err;

    if (e == &err_closed || e == &err_reset)
        server_conn_log(c, LOG_INFO,
                        "peer closed connection in SSL handshake while SSL handshaking");
    else
        conn_failure_log(c, "SSL_do_handshake()", "while SSL handshaking");
    server_conn_close(c);
}

static void on_readable(struct server_conn *c)
{
    UNUSED(c); /* on_work follows */
}

static void on_work(struct server_conn *c)
{
    int r = tls_handshake(c->stream);

    if (r == 0)
        begin_http(c);
    else if (r == STREAM_FAILED && c->stream->err == &err_tls_not_tls && !c->server->on_stream)
        begin_plain(c);
    else if (r == STREAM_FAILED)
        fail(c);
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    UNUSED(what);
    server_conn_log(c, LOG_INFO, "client timed out while SSL handshaking");
    server_conn_close(c);
}

static void on_close_all(struct server_conn *c)
{
    server_conn_reset(c);
}

static int events(const struct server_conn *c)
{
    return tls_wants(c->stream);
}

const struct server_conn_protocol server_tls_protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
    .events = events,
};

void server_tls_begin(struct server_conn *c, struct slice in)
{
    server_conn_log(c, LOG_DEBUG, "reusable connection: 0"); /* in the words of nginx */
    server_conn_set_stream(c, tls_accept_after(c->stream, c->server->tls, in));
}

void server_tls_resume(struct stream *s)
{
    server_conn_call(server_conn_of(s));
}
