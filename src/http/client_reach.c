/* One attempt: a connection first, then the steps that the way asks for, under one deadline. */
#include "http/client_reach.h"

#include "base/mem.h"
#include "net/connect.h"

const struct err client_err_resolve_timeout = {"resolve_timeout", "no address in time"};
const struct err client_err_connect_timeout = {"connect_timeout", "no connection in time"};
const struct err client_err_tls_timeout = {"tls_timeout", "no TLS handshake in time"};

struct reach {
    struct connect *connect;
    client_dial_fn fn;
    void *user;
};

static const struct err *timeout_in(enum connect_stage stage)
{
    switch (stage) {
    case CONNECT_RESOLVE:
        return &client_err_resolve_timeout;
    case CONNECT_TLS:
        return &client_err_tls_timeout;
    default:
        return &client_err_connect_timeout;
    }
}

static void on_connected(void *user, struct stream *s, const struct connect_failure *failure)
{
    struct reach *r = user;
    client_dial_fn fn = r->fn;
    void *arg = r->user;
    struct client_dial_failure f = {0};

    mem_free(r);
    if (failure) {
        f.err = failure->err == &err_timeout ? timeout_in(failure->stage) : failure->err;
        f.text = failure->text;
    }
    fn(arg, s, s ? NULL : &f);
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

    r->fn = fn;
    r->user = user;
    r->connect = connect_start(&o, on_connected, r);
    return r;
}

static void cancel(void *dial)
{
    struct reach *r = dial;

    connect_cancel(&r->connect);
    mem_free(r);
}

const struct client_dialer client_reach = {start, cancel};
