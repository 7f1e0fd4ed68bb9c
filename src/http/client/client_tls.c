/* tls_handshake is called until it is through; in between the stream is watched for what it wants.
 */
#include "http/client/client_tls.h"

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/tls/tls.h"

const struct err client_err_tls_timeout = {"tls_timeout", "no TLS handshake in time"};

struct client_tls {
    struct stream *stream;
    struct timer timer;
    struct loop_call begin; /* of the handshake, or to go on with it */
    client_tls_fn fn;
    void *user, *hook_user;
};

static void free_tls(void *p)
{
    mem_free(p);
}

/* Ends it: the stream goes to whoever waits, unless `err`. */
static void finish(struct client_tls *t, const struct err *err)
{
    struct stream *s = t->stream;
    char *text = NULL;

    timer_stop(&t->timer);
    loop_cancel(&t->begin);
    loop_free_later(t, free_tls);
    t->stream = NULL;
    if (!err) {
        stream_watch(s, 0);
        t->fn(t->user, s, NULL, NULL);
        return;
    }
    if (tls_error_text(s).n)
        text = mem_strdup(tls_error_text(s));
    stream_close(&s, false);
    t->fn(t->user, NULL, err, text);
    mem_free(text);
}

static void go_on(struct client_tls *t)
{
    switch (tls_handshake(t->stream)) {
    case 0:
        finish(t, NULL);
        break;
    case STREAM_AGAIN:
        stream_watch(t->stream, tls_wants(t->stream));
        break;
    default:
        finish(t, t->stream->err);
    }
}

static void on_ready(struct stream *s, int events)
{
    UNUSED(events);
    go_on(s->user);
}

static void on_begin(struct loop_call *call)
{
    go_on(CONTAINER_OF(call, struct client_tls, begin));
}

static void on_timer(struct timer *timer)
{
    finish(CONTAINER_OF(timer, struct client_tls, timer), &client_err_tls_timeout);
}

struct client_tls *client_tls_start(struct stream *under, const struct client_way *way, uint64_t ms,
                                    client_tls_fn fn, void *user)
{
    struct client_tls *t = mem_new(struct client_tls);
    struct tls_peer peer = {.server_name = way->server_name,
                            .alpn = way->alpn,
                            .resume = way->resume,
                            .skips_verify = way->skips_verify,
                            .hides_name = way->hides_name};

    t->fn = fn;
    t->user = user;
    t->hook_user = way->tls_user;
    t->stream = tls_connect(under, way->tls, &peer);
    t->stream->user = t;
    t->stream->on_ready = on_ready;
    timer_init(&t->timer, on_timer);
    if (ms)
        timer_start(&t->timer, ms);
    loop_call_init(&t->begin, on_begin);
    loop_next(&t->begin);
    return t;
}

void *client_tls_user(const struct stream *s)
{
    return ((const struct client_tls *)s->user)->hook_user;
}

void client_tls_resume(struct stream *s)
{
    loop_next(&((struct client_tls *)s->user)->begin);
}

void client_tls_cancel(struct client_tls **at)
{
    struct client_tls *t = *at;

    *at = NULL;
    if (!t)
        return;
    timer_stop(&t->timer);
    loop_cancel(&t->begin);
    stream_close(&t->stream, false);
    loop_free_later(t, free_tls);
}
