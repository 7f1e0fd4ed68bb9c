/* One attempt: a connection first, then the handshake where the way has a TLS context, both within
 * one time. */
#include "http/client_reach.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/client_tls.h"
#include "net/connect.h"

const struct err client_err_resolve_timeout = {"resolve_timeout", "no address in time"};
const struct err client_err_connect_timeout = {"connect_timeout", "no connection in time"};

struct reach {
    struct connect *connect;
    struct client_tls *tls;
    const struct client_way *way; /* the origin's, which lives as long as the attempt */
    client_dial_fn fn;
    void *user;
    uint64_t deadline; /* clock_ms; 0: none */
};

static void finish(struct reach *r, struct stream *s, const struct err *err, const char *text)
{
    struct client_dial_failure f = {err, text};
    client_dial_fn fn = r->fn;
    void *user = r->user;

    mem_free(r);
    fn(user, s, s ? NULL : &f);
}

static void on_handshake(void *user, struct stream *s, const struct err *err, const char *text)
{
    struct reach *r = user;

    r->tls = NULL;
    finish(r, s, err, text);
}

static const struct err *timeout_in(enum connect_stage stage)
{
    return stage == CONNECT_RESOLVE ? &client_err_resolve_timeout : &client_err_connect_timeout;
}

static void on_connected(void *user, struct stream *s, const struct connect_failure *failure)
{
    struct reach *r = user;
    uint64_t left = 0;

    r->connect = NULL;
    if (!s) {
        bool is_late = failure->err == &err_timeout;

        finish(r, NULL, is_late ? timeout_in(failure->stage) : failure->err, failure->text);
        return;
    }
    if (!r->way->tls) {
        finish(r, s, NULL, NULL);
        return;
    }
    if (r->deadline)
        left = r->deadline > clock_ms() ? r->deadline - clock_ms() : 1;
    r->tls = client_tls_start(s, r->way, left, on_handshake, r);
}

static void *start(const struct client_way *way, uint64_t timeout, client_dial_fn fn, void *user)
{
    struct reach *r = mem_new(struct reach);
    struct connect_options o = {
        .host = way->host,
        .port = way->port,
        .unix_path = way->unix_path,
        .addr = way->addr,
        .local = way->local,
        .resolver = way->resolver,
        .total_timeout = (unsigned)timeout,
    };

    r->way = way;
    r->fn = fn;
    r->user = user;
    r->deadline = timeout ? clock_ms() + timeout : 0;
    r->connect = connect_start(&o, on_connected, r);
    return r;
}

static void cancel(void *dial)
{
    struct reach *r = dial;

    connect_cancel(&r->connect);
    client_tls_cancel(&r->tls);
    mem_free(r);
}

const struct client_dialer client_reach = {start, cancel};
