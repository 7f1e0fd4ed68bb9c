/* Nothing behind the header is read, for that may be TLS, which reads for itself: the header is
 * looked at in the kernel first and taken once it is known how long it is. Of one that comes in
 * pieces, each piece is taken and kept, or the loop would tell of it for ever. */
#include "http/server/server_proxied.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "http/server/server_conn_input.h"
#include "http/server/server_h1.h"
#include "http/server/server_handover.h"
#include "http/server/server_tls.h"
#include "proto/proxy_proto.h"

/* Takes `n` bytes that are known to be there. */
static void skip(struct server_conn *c, size_t n)
{
    char bytes[PROXY_PROTO_V2_MAX];

    while (n) {
        ssize_t got = stream_read(c->stream, bytes, n);

        if (got <= 0)
            return;
        n -= (size_t)got;
    }
}

/* Looks at what there is; a header that is whole goes to c->proxied. */
static enum proxy_proto_result look(struct server_conn *c)
{
    char all[PROXY_PROTO_V2_MAX];
    struct proxy_proto p;
    struct slice before = server_conn_input(c);
    size_t n = before.n;
    enum proxy_proto_result r;
    ssize_t got;

    memcpy(all, before.p, n);
    got = recv(stream_fd(c->stream), all + n, sizeof(all) - n, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return PROXY_PROTO_MORE;
    if (got <= 0)
        return PROXY_PROTO_BAD;
    r = proxy_proto_read(slice_of(all, n + (size_t)got), &p);
    if (r == PROXY_PROTO_DONE) {
        server_conn_consume(c, n);
        skip(c, p.n - n);
        c->proxied = proxy_proto_copy(mem_alloc(proxy_proto_size(&p)), &p);
    } else if (r == PROXY_PROTO_MORE) {
        skip(c, (size_t)got);
        server_conn_unread(c, slice_of(all + n, (size_t)got));
    }
    return r;
}

static void go_on(struct server_conn *c)
{
    if (c->server->tls) {
        c->protocol = &server_tls_protocol;
        server_tls_begin(c, SLICE_EMPTY);
    } else {
        c->protocol = c->server->on_stream ? &server_handover_protocol : &server_h1_protocol;
    }
    c->protocol->on_work(c);
}

static void on_readable(struct server_conn *c)
{
    UNUSED(c); /* on_work follows */
}

static void on_work(struct server_conn *c)
{
    switch (look(c)) {
    case PROXY_PROTO_MORE:
        break;
    case PROXY_PROTO_DONE:
        go_on(c);
        break;
    case PROXY_PROTO_BAD:
        server_conn_log(c, LOG_ERROR, "broken header while reading PROXY protocol");
        server_conn_close(c);
        break;
    }
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    UNUSED(what);
    server_conn_log(c, LOG_INFO, "client timed out while reading PROXY protocol");
    server_conn_close(c);
}

static void on_close_all(struct server_conn *c)
{
    server_conn_reset(c);
}

static enum server_conn_wait waits(const struct server_conn *c)
{
    UNUSED(c);
    return CONN_WAIT_PROXIED;
}

const struct server_conn_protocol server_proxied_protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
    .waits = waits,
};
