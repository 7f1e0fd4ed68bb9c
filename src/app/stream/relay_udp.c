/* Each message is sent on as it comes; there is no queue, and what a socket does not take is lost.
 *
 * With proxy_responses the session is over once that many answers to each message have come. With
 * proxy_requests it takes no more messages than that: the next one of the client begins a session
 * of its own. */
#include "app/stream/relay_udp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/location_resolver.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/dns/dns.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "net/udp_peers.h"

enum { READS_MOST = 32 };

struct relay_udp {
    struct relay *r;
    relay_udp_fn fn;
    struct dns_query *query; /* NULL: not looking for an address */
    struct stream *client, *server;
    struct timer timer;
    struct loop_call begin;
    struct addr addr;
    uint64_t active_ms;
    uint64_t requests, responses;
};

static char bytes[UDP_MESSAGE_MAX]; /* process-wide: a message between two sockets */

static void free_udp(void *p)
{
    mem_free(p);
}

void relay_udp_close(struct relay *r)
{
    struct relay_udp *u = r->udp;

    if (!u)
        return;
    r->udp = NULL;
    dns_cancel(&u->query);
    timer_stop(&u->timer);
    loop_cancel(&u->begin);
    stream_close(&u->client, false);
    stream_close(&u->server, false);
    loop_free_later(u, free_udp);
}

static void finish(struct relay_udp *u, bool is_usable, const char *why)
{
    struct relay *r = u->r;
    relay_udp_fn fn = u->fn;

    relay_udp_close(r);
    fn(r, is_usable, why);
}

static bool is_answered(const struct relay_udp *u)
{
    const struct relay_conf *c = u->r->conf;

    if (c->requests && u->requests < c->requests)
        return false;
    return c->responses != UINT32_MAX && u->responses >= u->requests * c->responses;
}

static void send_to(struct stream *s, size_t n)
{
    struct iovec v = {bytes, n};

    (void)stream_writev(s, &v, 1);
}

static void pass_request(struct relay_udp *u, size_t n)
{
    struct relay *r = u->r;

    u->active_ms = clock_ms();
    u->requests++;
    r->s->received += n;
    r->history->bytes_sent += n;
    send_to(u->server, n);
    if (r->conf->requests && u->requests == r->conf->requests)
        udp_peers_part(u->client);
}

static void pass_response(struct relay_udp *u, size_t n)
{
    struct upstream_try *t = u->r->history;

    u->active_ms = clock_ms();
    if (u->responses++ == 0)
        t->first_ms = clock_ms() - u->r->attempt_ms;
    t->bytes_received += n;
    u->r->s->sent += n;
    send_to(u->client, n);
}

static void on_client(struct stream *s, int events)
{
    struct relay_udp *u = s->user;
    ssize_t n = 0;

    UNUSED(events);
    for (unsigned i = 0; i < READS_MOST && n >= 0; i++) {
        n = stream_read(s, bytes, sizeof(bytes));
        if (n == STREAM_EMPTY)
            n = 0;
        if (n >= 0)
            pass_request(u, (size_t)n);
    }
    if (u->requests && is_answered(u))
        finish(u, true, NULL);
}

static void on_server(struct stream *s, int events)
{
    struct relay_udp *u = s->user;
    ssize_t n = 0;

    UNUSED(events);
    for (unsigned i = 0; i < READS_MOST && n >= 0; i++) {
        n = stream_read(s, bytes, sizeof(bytes)); /* 0: an empty message */
        if (n >= 0)
            pass_response(u, (size_t)n);
    }
    if (n == STREAM_FAILED)
        finish(u, u->responses > 0, s->err->message);
    else if (is_answered(u))
        finish(u, true, NULL);
}

static void on_timer(struct timer *t)
{
    struct relay_udp *u = CONTAINER_OF(t, struct relay_udp, timer);
    uint64_t at = u->active_ms + u->r->timeout;

    if (at > clock_ms())
        timer_start(t, at - clock_ms());
    else
        finish(u, u->responses > 0 || u->r->conf->responses == UINT32_MAX, "timed out");
}

static int open_socket(const struct relay_udp *u)
{
    const struct addr *local = u->r->way.local;
    int fd = socket(u->addr.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if ((!local || bind(fd, &local->sa, local->len) == 0) &&
        connect(fd, &u->addr.sa, u->addr.len) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void watch(struct relay_udp *u, struct stream *s,
                  void (*on_ready)(struct stream *s, int events))
{
    s->user = u;
    s->on_ready = on_ready;
    stream_watch(s, IO_READ);
}

/* The address is known. */
static void join(struct relay_udp *u)
{
    int fd = open_socket(u);
    struct buf in = BUF_EMPTY;
    struct outq out;

    if (fd < 0) {
        finish(u, false, err_from_errno(errno)->message);
        return;
    }
    u->r->history->connect_ms = clock_ms() - u->r->attempt_ms;
    u->server = tcp_adopt(fd);
    watch(u, u->server, on_server);
    outq_init(&out);
    u->client = session_take(u->r->s, &in, &out);
    u->r->s->received -= in.n;
    if (!u->client) { /* Lua has closed it in preread */
        finish(u, true, NULL);
        return;
    }
    watch(u, u->client, on_client);
    if (in.n) { /* what preread has looked at */
        memcpy(bytes, in.p, MIN(in.n, sizeof(bytes)));
        pass_request(u, MIN(in.n, sizeof(bytes)));
    }
    buf_free(&in);
    outq_clear(&out);
    if (u->r->timeout)
        timer_start(&u->timer, u->r->timeout);
    on_client(u->client, IO_READ);
}

static void on_begin(struct loop_call *call)
{
    join(CONTAINER_OF(call, struct relay_udp, begin));
}

static void on_lookup(void *user, const struct dns_result *result)
{
    struct relay_udp *u = user;

    u->query = NULL;
    if (result->err) {
        finish(u, false, result->err->message);
        return;
    }
    u->addr = result->addrs->items[0];
    addr_set_port(&u->addr, u->r->way.port);
    join(u);
}

void relay_udp_start(struct relay *r, relay_udp_fn fn)
{
    struct relay_udp *u = mem_new(struct relay_udp);

    u->r = r;
    u->fn = fn;
    u->active_ms = clock_ms();
    timer_init(&u->timer, on_timer);
    loop_call_init(&u->begin, on_begin);
    r->udp = u;
    if (addr_literal(r->way.host, &u->addr)) {
        addr_set_port(&u->addr, r->way.port);
        loop_next(&u->begin);
        return;
    }
    u->query =
        dns_lookup(location_resolver_of(r->s->v->loc), r->way.host, DNS_PREFER_V4, on_lookup, u);
}
