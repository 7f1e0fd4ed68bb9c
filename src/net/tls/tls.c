/* The life of a TLS stream, and what it tells of itself. Its bytes are moved in tls_plain.c. */
#include "net/tls/tls.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/io.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_plain.h"
#include "net/tls/tls_resume.h"

enum { KEPT = 1024 };

static struct mem_cache cache = MEM_CACHE(struct tls, KEPT); /* process-wide: of all connections */

static const struct stream_ops ops;

bool tls_is(const struct stream *s)
{
    return s->ops == &ops;
}

SSL *tls_ssl(const struct stream *s)
{
    return tls_of(s)->ssl;
}

SSL_SESSION **tls_session_slot(struct stream *s)
{
    return &tls_of(s)->session;
}

struct slice tls_error_text(const struct stream *s)
{
    const char *text = tls_of(s)->text;

    return text ? slice_str(text) : SLICE_EMPTY;
}

int tls_wants(const struct stream *s)
{
    const struct tls *t = tls_of(s);

    if (t->phase != TLS_HANDSHAKE)
        return 0;
    return (t->wire.is_starved ? IO_READ : 0) | (t->wire.is_blocked ? IO_WRITE : 0);
}

bool tls_has_input(const struct stream *s)
{
    return tls_of(s)->has_more;
}

void **tls_state(struct stream *s)
{
    return &tls_of(s)->state;
}

bool tls_is_early(const struct stream *s)
{
    return tls_stream_is_early(tls_of(s));
}

bool tls_is_open(const struct stream *s)
{
    return tls_of(s)->phase == TLS_OPEN;
}

/* --- the end --- */

static void end_output(struct stream *s)
{
    struct tls *t = tls_of(s);

    if (t->has_ended)
        return;
    t->has_ended = t->must_end = true;
    if (t->phase == TLS_OPEN && !tls_is_early(s))
        (void)SSL_shutdown(t->ssl);
    if (t->phase != TLS_BROKEN)
        (void)tls_stream_push(t);
}

/* What is not needed to tell what was agreed on. */
static void empty(struct tls *t)
{
    buf_free(&t->wire.out);
    buf_free(&t->wire.first);
    buf_free(&t->early_in);
    loop_cancel(&t->call);
    loop_cancel(&t->flush);
}

static void free_tls(struct tls *t)
{
    /* a session is good for another connection however this one ended */
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    SSL_SESSION_free(t->session);
    tls_resume_unref(&t->resume);
    mem_free(t->text);
    mem_cache_give(&cache, t);
}

struct stream *tls_hold(struct stream *s)
{
    tls_of(s)->holds++;
    return s;
}

void tls_release(struct stream **s)
{
    struct tls *t = tls_of(*s);

    *s = NULL;
    CHECK(t->holds);
    if (--t->holds == 0 && t->is_closed)
        free_tls(t);
}

static void close_plain(struct stream *s, bool reset)
{
    struct tls *t = tls_of(s);

    CHECK(!t->is_inside);
    if (!reset && t->phase == TLS_OPEN && !tls_is_early(s) && !t->has_ended && !t->wire.is_ended) {
        (void)SSL_shutdown(t->ssl);
        (void)tls_wire_push(&t->wire);
    }
    if (t->state && tls_openssl_ctx(t->ssl)->hooks->on_gone)
        tls_openssl_ctx(t->ssl)->hooks->on_gone(s);
    stream_close(&t->wire.under, reset);
    empty(t);
    t->is_closed = true;
    if (!t->holds)
        free_tls(t);
}

static bool read_on(struct stream *s)
{
    struct tls *t = tls_of(s);

    if (!t->has_lost_output || !stream_read_on(t->wire.under))
        return false;
    t->has_lost_output = false;
    t->wire.is_mute = true;
    t->phase = TLS_OPEN;
    s->err = NULL;
    return true;
}

static int fd_of(const struct stream *s)
{
    return stream_fd(tls_of(s)->wire.under);
}

static size_t unread_under(const struct stream *s)
{
    return stream_unread(tls_of(s)->wire.under);
}

static const struct stream_ops ops = {
    .unread = unread_under,
    .read = tls_plain_read,
    .writev = tls_plain_write,
    .sendfile = tls_plain_sendfile,
    .can_sendfile = tls_plain_can_sendfile,
    .watch = tls_plain_watch,
    .shutdown = end_output,
    .close = close_plain,
    .fd = fd_of,
    .read_on = read_on,
};

/* --- the beginning --- */

static struct tls *new_tls(struct stream *under, struct tls_ctx *ctx)
{
    struct tls *t = mem_cache_take(&cache);
    BIO *bio;

    memset(t, 0, sizeof(*t));
    t->stream.ops = &ops;
    t->wire.under = under;
    t->wire.way = tls_is(under) ? TLS_WAY_STACKED : TLS_WAY_STAGED;
    under->on_ready = tls_plain_on_under_ready;
    under->user = t;
    loop_call_init(&t->call, tls_plain_on_call);
    loop_call_init(&t->flush, tls_stream_on_flush);
    t->last_write = (uint32_t)clock_ms();
    t->ssl = SSL_new(ctx->ssl);
    CHECK(t->ssl);
    bio = tls_wire_bio(&t->wire);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, &t->stream);
    return t;
}

struct stream *tls_accept(struct stream *under, struct tls_ctx *ctx)
{
    return tls_accept_after(under, ctx, SLICE_EMPTY);
}

struct stream *tls_accept_after(struct stream *under, struct tls_ctx *ctx, struct slice first)
{
    struct tls *t = new_tls(under, ctx);

    buf_add_slice(&t->wire.first, first);
    t->wire.must_be_tls = true;
    SSL_set_accept_state(t->ssl);
    t->early = ctx->takes_early ? TLS_EARLY_COMES : TLS_EARLY_NONE;
    return &t->stream;
}

/* Called by OpenSSL with a session that is ours when we answer 1. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls *t = tls_of(tls_of_ssl(ssl));

    if (t->resume) {
        tls_resume_put(t->resume, session);
        return 1;
    }
    SSL_SESSION_free(t->session);
    t->session = session;
    return 1;
}

struct tls_session *tls_take_session(struct stream *s)
{
    struct tls *t = tls_of(s);
    SSL_SESSION *session = t->session;

    t->session = NULL;
    return (struct tls_session *)session;
}

struct tls_session *tls_current_session(struct stream *s)
{
    return (struct tls_session *)SSL_get1_session(tls_of(s)->ssl);
}

struct stream *tls_connect(struct stream *under, struct tls_ctx *ctx, const struct tls_peer *peer)
{
    struct tls *t = new_tls(under, ctx);
    const struct err *e;

    SSL_CTX_sess_set_new_cb(ctx->ssl, keep_session);
    SSL_set_connect_state(t->ssl);
    if (peer->resume)
        t->resume = tls_resume_ref(peer->resume);
    e = tls_peer_set(t->ssl, peer);
    if (e)
        (void)tls_stream_fail(t, e);
    return &t->stream;
}

struct stream *tls_unwrap(struct stream **s, struct buf *in)
{
    struct tls *t = tls_of(*s);
    struct stream *under = t->wire.under;

    CHECK(t->stream.err == &err_tls_not_tls);
    buf_add_slice(in, buf_slice(&t->wire.first));
    stream_watch(under, 0);
    empty(t);
    free_tls(t);
    *s = NULL;
    return under;
}
