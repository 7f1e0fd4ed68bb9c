/* The TLS stream. Two facts make it simple: renegotiation is off, so after the handshake reading
 * never waits for writability nor writing for readability; and the transport below (tls_wire) takes
 * whatever OpenSSL writes, so OpenSSL never waits to write.
 *
 * Reading: OpenSSL reads ahead, so records may lie in its buffer that no descriptor will announce.
 * `has_more` says that a read has left some there; a queued call then plays the part of the
 * descriptor, turn after turn, until they are read.
 *
 * Writing: up to WRITE_MOST bytes are encrypted and sent in one call. When the stream underneath
 * does not take all of it, the bytes count as not taken although they are encrypted: `debt` of them
 * are confirmed, without being encrypted again, by a later write, once they have gone. So whoever
 * closes after all was taken loses nothing.
 *
 * The records of a fresh connection, and of one that was silent, are small, so that a peer can use
 * the first packet that arrives; they are large once SMALL_MOST bytes went out. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/tls_error.h"
#include "net/tls_openssl.h"
#include "net/tls_wire.h"

enum { RECORD = SSL3_RT_MAX_PLAIN_LENGTH, WRITE_MOST = 4 * RECORD };
enum { SMALL_RECORD = 1300, SMALL_MOST = 16 * SMALL_RECORD, SILENCE_MS = 1000, KEPT = 1024 };

enum phase { HANDSHAKE, OPEN, BROKEN };

struct tls {
    struct stream stream;
    struct tls_wire wire;
    SSL *ssl;
    SSL_SESSION *session;   /* see tls_session_slot */
    char *text;             /* of a failure; NULL: none */
    struct loop_call call;  /* input that no descriptor announces */
    struct loop_call flush; /* what the handshake left to be sent */
    void *state;            /* of hooks */
    size_t debt;
    unsigned holds;      /* besides the owner's */
    uint32_t sent_small; /* since the start or the last silence, up to SMALL_MOST */
    uint32_t last_write; /* clock_ms() */
    uint8_t phase;
    uint8_t watched, watched_under;
    bool has_more;
    bool is_inside; /* OpenSSL is on the stack: a hook may be running */
    bool is_hooked; /* the handshake waits for a hook, whatever comes meanwhile */
    bool must_end;  /* end the stream underneath when all is out */
    bool has_ended; /* we have sent close_notify */
    bool is_closed; /* by its owner; somebody holds it */
};

static struct mem_cache cache = MEM_CACHE(struct tls, KEPT); /* process-wide: of all connections */
static char gathered[RECORD]; /* process-wide: plaintext of the write that runs */

static const struct stream_ops ops;

static inline struct tls *tls_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct tls, stream);
}

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

/* Brings what is watched underneath in line. */
static void follow(struct tls *t)
{
    int events = (t->is_hooked ? 0 : t->watched) | (t->wire.is_blocked ? IO_WRITE : 0);

    if (events == t->watched_under)
        return;
    t->watched_under = (uint8_t)events;
    stream_watch(t->wire.under, events);
}

static int fail(struct tls *t, const struct err *e)
{
    t->stream.err = e;
    t->phase = BROKEN;
    return STREAM_FAILED;
}

static int push(struct tls *t)
{
    if (tls_wire_push(&t->wire) == STREAM_FAILED)
        return fail(t, t->wire.under->err);
    if (!t->wire.is_blocked && t->must_end) {
        t->must_end = false;
        stream_shutdown(t->wire.under);
    }
    follow(t);
    return 0;
}

/* --- failures --- */

static void set_text(struct tls *t, struct buf *text)
{
    mem_free(t->text);
    t->text = text->n ? mem_strdup(buf_slice(text)) : NULL;
    buf_free(text);
}

/* OpenSSL has given up: why? */
static int fail_by_library(struct tls *t)
{
    long verified = SSL_get_verify_result(t->ssl);
    struct buf text = BUF_EMPTY;
    const struct err *e = tls_error_take(&text);

    (void)tls_wire_push(&t->wire); /* an alert */
    if (t->wire.is_alien) {
        e = &err_tls_not_tls;
    } else if (t->wire.under->err) {
        e = t->wire.under->err;
    } else if (t->wire.is_ended) {
        e = t->phase == HANDSHAKE ? &err_closed : &err_tls_truncated;
    } else if (e == &err_tls_bad_certificate && verified != X509_V_OK) {
        e = tls_error_of_verify(verified);
        buf_printf(&text, ": %s", X509_verify_cert_error_string(verified));
    }
    set_text(t, &text);
    return fail(t, e);
}

struct slice tls_error_text(const struct stream *s)
{
    const char *text = tls_of(s)->text;

    return text ? slice_str(text) : SLICE_EMPTY;
}

/* --- the handshake --- */

static void on_flush(struct loop_call *call)
{
    struct tls *t = CONTAINER_OF(call, struct tls, flush);

    /* whoever reads or writes next is told of a failure */
    (void)push(t);
}

static void send_later(struct tls *t)
{
    if (tls_wire_hold(&t->wire) && !t->wire.is_blocked)
        loop_at_end(&t->flush);
}

/* In the words of nginx's log, whose readers know them. */
static void note_open(const struct tls *t)
{
    char text[128], *to = text;

    SSL_CIPHER_description(SSL_get_current_cipher(t->ssl), text, sizeof(text));
    for (const char *p = text; *p && *p != '\n'; p++)
        if (*p != ' ' || to == text || to[-1] != ' ')
            *to++ = *p;
    *to = '\0';
    log_write(NULL, LOG_DEBUG, "SSL_do_handshake: 1, SSL: %s, cipher: \"%s\"%s",
              SSL_get_version(t->ssl), text,
              SSL_session_reused(t->ssl) ? ", SSL reused session" : "");
}

/* Will reading not be in vain, though no descriptor says so? */
static bool has_pending(const struct tls *t)
{
    return SSL_has_pending(t->ssl) || tls_wire_has_first(&t->wire);
}

/* What is left to send (tickets; a client's last flight) goes with the first answer or request, or
 * at the end of the turn. */
static int open_up(struct tls *t)
{
    t->phase = OPEN;
    if (UNLIKELY(log_is_on(NULL, LOG_DEBUG)))
        note_open(t);
    send_later(t);
    t->has_more = has_pending(t);
    follow(t);
    return 0;
}

int tls_handshake(struct stream *s)
{
    struct tls *t = tls_of(s);
    int r, want;

    if (t->phase != HANDSHAKE)
        return s->err ? STREAM_FAILED : 0;
    ERR_clear_error();
    tls_wire_begin(&t->wire);
    t->is_inside = true;
    r = SSL_do_handshake(t->ssl);
    t->is_inside = false;
    want = SSL_want(t->ssl);
    t->is_hooked =
        want == SSL_X509_LOOKUP || want == SSL_CLIENT_HELLO_CB || want == SSL_RETRY_VERIFY;
    if (r == 1)
        return open_up(t);
    if (push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    return t->wire.is_starved || t->is_hooked ? STREAM_AGAIN : fail_by_library(t);
}

int tls_wants(const struct stream *s)
{
    const struct tls *t = tls_of(s);

    if (t->phase != HANDSHAKE)
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

bool tls_is_open(const struct stream *s)
{
    return tls_of(s)->phase == OPEN;
}

/* --- reading --- */

static void announce(struct tls *t)
{
    if (t->has_more && (t->watched & IO_READ))
        loop_next(&t->call);
}

static void on_call(struct loop_call *call)
{
    struct tls *t = CONTAINER_OF(call, struct tls, call);

    if (!t->has_more || !(t->watched & IO_READ))
        return;
    loop_next(call); /* before on_ready, which may close */
    t->stream.on_ready(&t->stream, IO_READ);
}

/* Nothing was read. What TLS itself has answered is sent in any case: it is staged where the next
 * operation, of whichever connection, puts its own. */
static ssize_t end_of_read(struct tls *t)
{
    bool is_end = SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN;

    if (!is_end && !t->wire.is_starved)
        return fail_by_library(t);
    send_later(t);
    return is_end ? 0 : STREAM_AGAIN;
}

static ssize_t read_plain(struct stream *s, void *p, size_t n)
{
    struct tls *t = tls_of(s);
    size_t total = 0, got = 0;
    int r;

    CHECK(n > 0 && !t->is_inside);
    if (UNLIKELY(t->phase != OPEN)) {
        r = tls_handshake(s);
        if (r)
            return r;
    }
    tls_wire_begin(&t->wire);
    do {
        r = SSL_read_ex(t->ssl, (char *)p + total, n - total, &got);
        if (r > 0)
            total += got;
        t->has_more = r > 0 && has_pending(t);
    } while (t->has_more && total < n);
    if (UNLIKELY(!total))
        return end_of_read(t);
    send_later(t); /* answers of TLS itself */
    announce(t);
    return (ssize_t)total;
}

/* --- writing --- */

/* How long the next record may be. */
static size_t record_size(struct tls *t)
{
    size_t most = tls_openssl_ctx(t->ssl)->record_size;
    uint32_t now = (uint32_t)clock_ms();

    if (now - t->last_write > SILENCE_MS)
        t->sent_small = 0;
    t->last_write = now;
    return t->sent_small < SMALL_MOST ? MIN(most, (size_t)SMALL_RECORD) : most;
}

struct vectors {
    const struct iovec *iov;
    int n;
    size_t at; /* in the first */
};

/* Takes up to `most` bytes off the vectors, contiguous: where they lie, or gathered. */
static struct slice take(struct vectors *v, size_t most)
{
    size_t n = 0;

    if (v->n && v->iov->iov_len - v->at >= most) {
        struct slice whole = slice_of((char *)v->iov->iov_base + v->at, most);

        v->at += most;
        return whole;
    }
    while (v->n && n < most) {
        size_t here = MIN(v->iov->iov_len - v->at, most - n);

        memcpy(gathered + n, (char *)v->iov->iov_base + v->at, here);
        n += here;
        v->at += here;
        if (v->at == v->iov->iov_len) {
            v->iov++;
            v->n--;
            v->at = 0;
        }
    }
    return slice_of(gathered, n);
}

/* Encrypts to the staging buffer; how much, or STREAM_FAILED. */
static ssize_t encrypt(struct tls *t, const struct iovec *iov, int n)
{
    struct vectors v = {iov, n, 0};
    size_t total = 0, size = record_size(t), sent;

    while (total < WRITE_MOST) {
        struct slice piece = take(&v, MIN(size, WRITE_MOST - total));

        if (!piece.n)
            break;
        if (UNLIKELY(SSL_write_ex(t->ssl, piece.p, piece.n, &sent) != 1 || sent != piece.n))
            return fail_by_library(t);
        total += sent;
        if (t->sent_small < SMALL_MOST) {
            t->sent_small += (uint32_t)sent;
            size = record_size(t);
        }
    }
    return (ssize_t)total;
}

static size_t length_of(const struct iovec *iov, int n)
{
    size_t total = 0;

    for (int i = 0; i < n; i++)
        total += iov[i].iov_len;
    return total;
}

/* Something encrypted is in the way: sends it. How many of the bytes offered that confirms. */
static ssize_t settle(struct tls *t, const struct iovec *iov, int n)
{
    size_t confirmed;

    if (push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    if (t->wire.is_blocked)
        return STREAM_AGAIN;
    confirmed = MIN(t->debt, length_of(iov, n));
    t->debt -= confirmed;
    return (ssize_t)confirmed;
}

static ssize_t write_plain(struct stream *s, const struct iovec *iov, int n)
{
    struct tls *t = tls_of(s);
    ssize_t done;

    CHECK(!t->is_inside);
    if (UNLIKELY(t->phase != OPEN)) {
        int r = tls_handshake(s);

        if (r)
            return r;
    }
    if (UNLIKELY(t->has_ended))
        return fail(t, &err_closed);
    if (UNLIKELY(t->wire.is_blocked || t->debt)) {
        done = settle(t, iov, n);
        if (done)
            return done;
    }
    done = encrypt(t, iov, n);
    if (done < 0 || push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    if (LIKELY(!t->wire.is_blocked))
        return done;
    t->debt = (size_t)done;
    return STREAM_AGAIN;
}

/* --- readiness --- */

static void on_under_ready(struct stream *under, int events)
{
    struct tls *t = under->user;

    if ((events & IO_WRITE) && t->wire.is_blocked && push(t) == STREAM_FAILED)
        events |= IO_READ | IO_WRITE; /* whatever is tried next fails */
    if (t->wire.is_blocked)
        events &= ~IO_WRITE;
    events &= t->watched;
    if (events)
        t->stream.on_ready(&t->stream, events);
}

static void watch_plain(struct stream *s, int events)
{
    struct tls *t = tls_of(s);

    t->watched = (uint8_t)events;
    follow(t);
    announce(t);
}

/* --- the end --- */

static void end_output(struct stream *s)
{
    struct tls *t = tls_of(s);

    if (t->has_ended)
        return;
    t->has_ended = t->must_end = true;
    if (t->phase == OPEN)
        (void)SSL_shutdown(t->ssl);
    if (t->phase != BROKEN)
        (void)push(t);
}

/* What is not needed to tell what was agreed on. */
static void empty(struct tls *t)
{
    buf_free(&t->wire.out);
    buf_free(&t->wire.first);
    loop_cancel(&t->call);
    loop_cancel(&t->flush);
}

static void free_tls(struct tls *t)
{
    /* a session is good for another connection however this one ended */
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    SSL_SESSION_free(t->session);
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
    if (!reset && t->phase == OPEN && !t->has_ended && !t->wire.is_ended) {
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

static int fd_of(const struct stream *s)
{
    return stream_fd(tls_of(s)->wire.under);
}

static const struct stream_ops ops = {
    .read = read_plain,
    .writev = write_plain,
    .watch = watch_plain,
    .shutdown = end_output,
    .close = close_plain,
    .fd = fd_of,
};

/* --- the beginning --- */

static struct tls *new_tls(struct stream *under, struct tls_ctx *ctx)
{
    struct tls *t = mem_cache_take(&cache);
    BIO *bio;

    memset(t, 0, sizeof(*t));
    t->stream.ops = &ops;
    t->wire.under = under;
    t->wire.is_stacked = tls_is(under);
    under->on_ready = on_under_ready;
    under->user = t;
    loop_call_init(&t->call, on_call);
    loop_call_init(&t->flush, on_flush);
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
    return &t->stream;
}

/* Called by OpenSSL with a session that is ours when we answer 1. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls *t = tls_of(tls_of_ssl(ssl));

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
    e = tls_peer_set(t->ssl, peer);
    if (e)
        (void)fail(t, e);
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

void tls_use_ctx(struct stream *s, struct tls_ctx *ctx)
{
    SSL *ssl = tls_ssl(s);
    SSL_CTX *to = ctx->ssl;

    if (SSL_get_SSL_CTX(ssl) == to)
        return;
    SSL_set_SSL_CTX(ssl, to);
    /* what an SSL copied from its first context */
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(to), SSL_CTX_get_verify_callback(to));
    SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(to));
    SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(to));
    SSL_set_options(ssl, SSL_CTX_get_options(to));
    SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(to));
    SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(to));
    SSL_set_security_level(ssl, SSL_CTX_get_security_level(to));
    if (ctx->curves)
        SSL_set1_curves_list(ssl, ctx->curves);
}
