/* What is said to the proxy is in `out`, its answers are collected in `in`. Of SOCKS exactly the
 * answers are read. Of CONNECT more may come along with the head: a server that speaks before it is
 * asked, which neither HTTP nor TLS knows, so that is an error. */
#include "http/client/client_tunnel.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "proto/http1_response.h"
#include "proto/socks.h"

const struct err client_err_proxy_timeout = {"proxy_timeout", "no answer of the proxy in time"};
const struct err client_err_proxy_closed = {"proxy_closed", "the proxy closed the connection"};

enum { HEAD_MOST = 32768, INFORMATIONAL_MOST = 16, PHRASE_MOST = 100, READ = 2048 };

static const struct http1_limits limits = {HEAD_MOST, HEAD_MOST, HTTP1_HEADERS_MOST};

static struct http1_response parsed; /* process-wide: too large for the stack, used within a call */

struct client_tunnel {
    struct stream *stream;
    const struct client_way *way;
    struct addr target; /* len 0: by name */
    struct socks_request request;
    struct socks socks;
    struct buf out, in;
    unsigned informational;
    struct timer timer;
    struct loop_call begin;
    client_dial_fn fn;
    void *user;
};

static void free_tunnel(void *p)
{
    struct client_tunnel *t = p;

    buf_free(&t->out);
    buf_free(&t->in);
    mem_free(t);
}

static void let_go(struct client_tunnel *t)
{
    timer_stop(&t->timer);
    loop_cancel(&t->begin);
    loop_free_later(t, free_tunnel);
}

static void succeed(struct client_tunnel *t)
{
    struct stream *s = t->stream;

    let_go(t);
    t->stream = NULL;
    stream_watch(s, 0);
    s->on_ready = NULL;
    t->fn(t->user, s, NULL);
}

/* `reason`: what the proxy said; may be empty. */
static void fail(struct client_tunnel *t, const struct err *e, struct slice reason, int status)
{
    const struct client_way *w = t->way;
    struct client_dial_failure f = {.err = e, .proxy_status = status};
    struct buf text = BUF_EMPTY;

    let_go(t);
    stream_close(&t->stream, false);
    buf_printf(&text, SLICE_FMT ":%u through the proxy " SLICE_FMT ":%u", SLICE_ARG(w->host),
               w->port, SLICE_ARG(w->via.host), w->via.port);
    if (reason.n)
        buf_printf(&text, ": " SLICE_FMT, SLICE_ARG(reason));
    f.text = buf_cstr(&text);
    t->fn(t->user, NULL, &f);
    buf_free(&text);
}

/* --- SOCKS --- */

static void describe_target(struct client_tunnel *t)
{
    struct socks_request *r = &t->request;

    if (t->target.sa.sa_family == AF_INET6 && t->target.len) {
        r->address = ((const struct sockaddr_in6 *)&t->target.sa)->sin6_addr.s6_addr;
        r->address_size = 16;
    } else if (t->target.len) {
        r->address = (const uint8_t *)&((const struct sockaddr_in *)&t->target.sa)->sin_addr;
        r->address_size = 4;
    }
}

static const struct err *begin_socks(struct client_tunnel *t)
{
    const struct client_way *w = t->way;

    t->request = (struct socks_request){
        .version = w->via.kind == CLIENT_VIA_SOCKS4 ? 4 : 5,
        .host = w->host,
        .port = w->port,
        .user = w->via.user,
        .password = w->via.password,
    };
    describe_target(t);
    return socks_begin(&t->socks, &t->request, &t->out);
}

/* False: over. */
static bool read_socks(struct client_tunnel *t)
{
    size_t used;

    switch (socks_feed(&t->socks, buf_slice(&t->in), &used, &t->out)) {
    case SOCKS_DONE:
        succeed(t);
        return false;
    case SOCKS_FAILED:
        fail(t, t->socks.err, slice_str(t->socks.reason), 0);
        return false;
    default:
        buf_drop(&t->in, used);
        return true;
    }
}

/* --- CONNECT --- */

static void add_authority(struct buf *b, const struct client_way *w)
{
    bool is_v6 = slice_find(w->host, ':') >= 0;

    buf_printf(b, is_v6 ? "[" SLICE_FMT "]:%u" : SLICE_FMT ":%u", SLICE_ARG(w->host), w->port);
}

static void begin_connect(struct client_tunnel *t)
{
    const struct client_way *w = t->way;

    buf_add_lit(&t->out, "CONNECT ");
    add_authority(&t->out, w);
    buf_add_lit(&t->out, " HTTP/1.1\r\nHost: ");
    add_authority(&t->out, w);
    buf_add_lit(&t->out, "\r\n");
    buf_add_slice(&t->out, w->via.fields);
    buf_add_lit(&t->out, "\r\n");
}

static const struct err *err_of_status(int status)
{
    switch (status) {
    case 403:
        return &proxy_err_denied;
    case 401: /* of proxies that do not know better */
    case 407:
        return &proxy_err_auth;
    case 502:
    case 503:
    case 504:
        return &proxy_err_unreachable;
    default:
        return &proxy_err_failed;
    }
}

static void refuse(struct client_tunnel *t)
{
    char text[PHRASE_MOST + 8];
    int n = snprintf(text, sizeof(text), "%d " SLICE_FMT, parsed.status,
                     (int)MIN(parsed.phrase.n, (size_t)PHRASE_MOST), parsed.phrase.p);

    fail(t, err_of_status(parsed.status), slice_of(text, (size_t)n), parsed.status);
}

/* False: over. */
static bool read_head(struct client_tunnel *t)
{
    for (;;) {
        struct slice in = buf_slice(&t->in);
        enum http1_result r =
            in.n ? http1_parse_response(in.p, in.n, &limits, &parsed) : HTTP1_MORE;

        if (r == HTTP1_MORE)
            return true;
        if (r == HTTP1_BAD || parsed.status == 101) {
            fail(t, &proxy_err_protocol,
                 slice_str(r == HTTP1_BAD ? parsed.head.reason : "unexpected 101"), 0);
            return false;
        }
        if (parsed.status >= 200)
            break;
        if (++t->informational > INFORMATIONAL_MOST) {
            fail(t, &proxy_err_protocol, SLICE("too many 1xx answers"), 0);
            return false;
        }
        buf_drop(&t->in, parsed.head.size);
    }
    if (parsed.status >= 300)
        refuse(t);
    else if (parsed.head.size < t->in.n)
        fail(t, &proxy_err_protocol, SLICE("bytes behind its answer"), 0);
    else
        succeed(t);
    return false;
}

/* --- both --- */

static bool is_socks(const struct client_tunnel *t)
{
    return t->way->via.kind != CLIENT_VIA_CONNECT;
}

/* False: over. */
static bool flush(struct client_tunnel *t)
{
    while (t->out.n) {
        struct iovec v = {t->out.p, t->out.n};
        ssize_t n = stream_writev(t->stream, &v, 1);

        if (n == STREAM_FAILED) {
            fail(t, &client_err_proxy_closed, slice_str(t->stream->err->message), 0);
            return false;
        }
        if (n <= 0)
            return true;
        buf_drop(&t->out, (size_t)n);
    }
    return true;
}

/* Bytes that may be read now: 0 when an answer is too large. */
static size_t wanted(const struct client_tunnel *t)
{
    return is_socks(t) ? t->socks.wanted - t->in.n : MIN((size_t)READ, HEAD_MOST - t->in.n);
}

/* One read, and what follows from it. False: there is nothing to read, or it is over. */
static bool receive(struct client_tunnel *t)
{
    size_t most = wanted(t);
    ssize_t n;

    if (!most) {
        fail(t, &proxy_err_protocol, SLICE("its answer is too large"), 0);
        return false;
    }
    n = stream_read(t->stream, buf_reserve(&t->in, most), most);
    if (n == STREAM_AGAIN)
        return false;
    if (n <= 0) {
        fail(t, &client_err_proxy_closed, n == 0 ? SLICE_EMPTY : slice_str(t->stream->err->message),
             0);
        return false;
    }
    t->in.n += (size_t)n;
    return is_socks(t) ? read_socks(t) : read_head(t);
}

static void go_on(struct client_tunnel *t)
{
    do {
        if (!flush(t))
            return;
    } while (receive(t));
    if (t->stream)
        stream_watch(t->stream, IO_READ | (t->out.n ? IO_WRITE : 0));
}

static void on_ready(struct stream *s, int events)
{
    UNUSED(events);
    go_on(s->user);
}

static void on_begin(struct loop_call *call)
{
    struct client_tunnel *t = CONTAINER_OF(call, struct client_tunnel, begin);
    const struct err *e = NULL;

    if (is_socks(t))
        e = begin_socks(t);
    else
        begin_connect(t);
    if (e)
        fail(t, e, SLICE("SOCKS has no way to ask for that"), 0);
    else
        go_on(t);
}

static void on_timer(struct timer *timer)
{
    fail(CONTAINER_OF(timer, struct client_tunnel, timer), &client_err_proxy_timeout, SLICE_EMPTY,
         0);
}

struct client_tunnel *client_tunnel_start(struct stream *under, const struct client_way *way,
                                          const struct addr *target, uint64_t ms, client_dial_fn fn,
                                          void *user)
{
    struct client_tunnel *t = mem_new(struct client_tunnel);

    t->stream = under;
    t->way = way;
    t->fn = fn;
    t->user = user;
    if (target)
        t->target = *target;
    under->on_ready = on_ready;
    under->user = t;
    timer_init(&t->timer, on_timer);
    if (ms)
        timer_start(&t->timer, ms);
    loop_call_init(&t->begin, on_begin);
    loop_next(&t->begin);
    return t;
}

void client_tunnel_cancel(struct client_tunnel **at)
{
    struct client_tunnel *t = *at;

    *at = NULL;
    if (!t)
        return;
    let_go(t);
    stream_close(&t->stream, false);
}
