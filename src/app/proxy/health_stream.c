/* A question of stream: a connection, what `send` says over it, and what comes back until it is as
 * expected, or the time is over. */
#include "app/proxy/health_probe.h"

#include <stdio.h>

#include "app/proxy/proxy.h"
#include "app/stream/relay.h"
#include "http/client/client_reach.h"
#include "loop/io.h"

enum { READ_AT_ONCE = 16384 };

static const struct relay_conf *conf_of(const struct health_probe *p)
{
    return p->check->loc->relay ? p->check->loc->relay : &relay_defaults;
}

void health_stream_stop(struct health_probe *p)
{
    if (p->dial)
        client_reach.cancel(p->dial);
    p->dial = NULL;
    timer_stop(&p->timer);
    stream_close(&p->stream, false);
    outq_clear(&p->out);
    buf_free(&p->in);
}

static void finish(struct health_probe *p, const char *why)
{
    health_stream_stop(p);
    p->on_done(p, why);
}

static void on_timeout(struct timer *t)
{
    finish(CONTAINER_OF(t, struct health_probe, timer), "waiting for the expected answer");
}

/* False: the question is over. */
static bool send_some(struct health_probe *p)
{
    switch (outq_flush(&p->out, p->stream, SIZE_MAX)) {
    case OUTQ_EMPTY:
        stream_watch(p->stream, IO_READ);
        return true;
    case OUTQ_BLOCKED:
        stream_watch(p->stream, IO_READ | IO_WRITE);
        return true;
    case OUTQ_FAILED:
        break;
    }
    finish(p, "sending");
    return false;
}

static void read_some(struct health_probe *p)
{
    ssize_t n;

    do {
        n = stream_read(p->stream, buf_reserve(&p->in, READ_AT_ONCE), READ_AT_ONCE);
        if (n > 0)
            p->in.n += (size_t)n;
    } while (n > 0 && p->in.n < HEALTH_MATCH_BYTES);
    if (p->in.n && health_match_stream(p->check->match, buf_slice(&p->in)))
        finish(p, NULL);
    else if (n != STREAM_AGAIN)
        finish(p, n == STREAM_FAILED ? "reading" : "checking the answer");
}

static void on_ready(struct stream *s, int events)
{
    struct health_probe *p = s->user;

    if ((events & IO_WRITE) && !send_some(p))
        return;
    if (events & IO_READ)
        read_some(p);
}

static void on_connected(void *user, struct stream *s, const struct client_dial_failure *f)
{
    struct health_probe *p = user;
    const struct health_match *m = p->check->match;
    char why[256];

    p->dial = NULL;
    p->stream = s;
    if (!s) {
        snprintf(why, sizeof(why), "connecting: %s", f->text ? f->text : f->err->message);
        finish(p, why);
        return;
    }
    if (!m || (!m->send.n && !m->expect.p && !m->expect_pattern)) {
        finish(p, NULL);
        return;
    }
    s->user = p;
    s->on_ready = on_ready;
    outq_add(&p->out, m->send.p, m->send.n);
    if (!send_some(p))
        return;
    if (!m->expect.p && !m->expect_pattern) { /* to have been sent is enough */
        finish(p, NULL);
        return;
    }
    p->timer.fn = on_timeout;
    timer_start(&p->timer, conf_of(p)->health_timeout);
}

void health_stream_ask(struct health_probe *p)
{
    const struct location *l = p->check->loc;

    if (p->check->has_tls &&
        !proxy_tls_way_of(p->check->loc->conf, &l->proxy->tls, p->check->authority, &p->way)) {
        p->on_done(p, "preparing TLS");
        return;
    }
    p->dial = client_reach.start(&p->way, conf_of(p)->connect_timeout, on_connected, p);
}
