/* Reading: OpenSSL reads ahead, so records may lie in its buffer that no descriptor will announce.
 * `has_more` says that a read has left some there; a queued call then plays the part of the
 * descriptor, turn after turn, until they are read.
 *
 * Writing: up to WRITE_MOST bytes are encrypted and sent in one call. When the stream underneath
 * does not take all of it, the bytes count as not taken although they are encrypted: `debt` of them
 * are confirmed, without being encrypted again, by a later write, once they have gone. So whoever
 * closes after all was taken loses nothing.
 *
 * Where the kernel encrypts (tls_kernel.h), what it keeps beside the socket's queue is such a debt.
 *
 * The records of a fresh connection, and of one that was silent, are small, so that a peer can use
 * the first packet that arrives; they are large once SMALL_MOST bytes went out. */
#include "net/tls/tls_plain.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "loop/io.h"
#include "net/tls/tls.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_kernel.h"

enum { RECORD = SSL3_RT_MAX_PLAIN_LENGTH, WRITE_MOST = 4 * RECORD };
enum { SMALL_RECORD = 1300, SMALL_MOST = 16 * SMALL_RECORD, SILENCE_MS = 1000 };

static char gathered[RECORD]; /* process-wide: plaintext of the write that runs */

/* --- reading --- */

static void announce(struct tls *t)
{
    if (t->has_more && (t->watched & IO_READ))
        loop_next(&t->call);
}

void tls_plain_on_call(struct loop_call *call)
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
    bool is_end = tls_stream_has_peer_ended(t);

    if (!is_end && !t->wire.is_starved)
        return tls_stream_fail_by_library(t);
    tls_stream_send_later(t);
    return is_end ? 0 : STREAM_AGAIN;
}

/* Something was read, and behind it the end or a failure. No descriptor will announce that: whoever
 * reads on is told. */
static void note_end_behind(struct tls *t)
{
    t->has_more = true;
    if (!tls_stream_has_peer_ended(t) && !t->wire.is_ended)
        (void)tls_stream_fail_by_library(t);
}

/* What has come early, then what ends the handshake. 0: both are over. */
static ssize_t read_early(struct tls *t, void *p, size_t n)
{
    if (!t->early_in.n && t->early != TLS_EARLY_KEPT && tls_stream_shake(t) != 1 &&
        !t->early_in.n) {
        t->has_more = false;
        return end_of_read(t);
    }
    n = MIN(n, t->early_in.n);
    if (!n) {
        buf_free(&t->early_in);
        t->early = TLS_EARLY_NONE;
        return 0;
    }
    memcpy(p, t->early_in.p, n);
    buf_drop(&t->early_in, n);
    t->has_more = true; /* or the rest of the handshake, which nothing announces */
    tls_stream_send_later(t);
    announce(t);
    return (ssize_t)n;
}

ssize_t tls_plain_read(struct stream *s, void *p, size_t n)
{
    struct tls *t = tls_of(s);
    size_t total = 0, got = 0;
    int r;

    CHECK(n > 0 && !t->is_inside);
    if (UNLIKELY(t->phase != TLS_OPEN)) {
        t->has_more = false;
        r = tls_handshake(s);
        if (r)
            return r;
    }
    if (UNLIKELY(t->early)) {
        ssize_t early = read_early(t, p, n);

        if (early)
            return early;
    }
    tls_wire_begin(&t->wire);
    do {
        r = SSL_read_ex(t->ssl, (char *)p + total, n - total, &got);
        if (r > 0)
            total += got;
        t->has_more = r > 0 && tls_stream_has_pending(t);
    } while (t->has_more && total < n);
    if (UNLIKELY(!total))
        return end_of_read(t);
    if (UNLIKELY(r <= 0 && !t->wire.is_starved))
        note_end_behind(t);
    tls_stream_send_later(t); /* answers of TLS itself */
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

/* An answer to early data goes out before the handshake is over. */
static bool encrypt_record(struct tls *t, struct slice piece)
{
    size_t sent = 0;
    int r = UNLIKELY(tls_stream_is_early(t)) ? SSL_write_early_data(t->ssl, piece.p, piece.n, &sent)
                                             : SSL_write_ex(t->ssl, piece.p, piece.n, &sent);

    return r == 1 && sent == piece.n;
}

/* Encrypts to the staging buffer; how much, or STREAM_FAILED. */
static ssize_t encrypt(struct tls *t, const struct iovec *iov, int n)
{
    struct vectors v = {iov, n, 0};
    size_t total = 0, size = record_size(t);

    while (total < WRITE_MOST) {
        struct slice piece = take(&v, MIN(size, WRITE_MOST - total));

        if (!piece.n)
            break;
        if (UNLIKELY(!encrypt_record(t, piece)))
            return tls_stream_fail_by_library(t);
        total += piece.n;
        if (t->sent_small < SMALL_MOST) {
            t->sent_small += (uint32_t)piece.n;
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

    if (tls_stream_push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    if (t->wire.is_blocked)
        return STREAM_AGAIN;
    confirmed = MIN(t->debt, length_of(iov, n));
    t->debt -= confirmed;
    return (ssize_t)confirmed;
}

/* What comes before a write. 0: it can be made; anything else is its answer. */
static inline ssize_t begin_write(struct tls *t, const struct iovec *iov, int n)
{
    CHECK(!t->is_inside);
    if (UNLIKELY(t->phase != TLS_OPEN)) {
        int r = tls_handshake(&t->stream);

        if (r)
            return r;
    }
    if (UNLIKELY(t->has_ended))
        return tls_stream_fail(t, &err_closed);
    return UNLIKELY(t->wire.is_blocked || t->debt) ? settle(t, iov, n) : 0;
}

/* Nothing of `done` bytes counts as taken before it is on its way. */
static ssize_t wait_for_room(struct tls *t, ssize_t done)
{
    t->debt = (size_t)done;
    return STREAM_AGAIN;
}

/* Whoever is asked for new keys must not send data before he has changed them (RFC 8446 section
 * 4.6.3). OpenSSL would do so at its next write. */
static ssize_t refuse_new_keys(struct tls *t)
{
    static const char alert[] = {SSL3_AL_FATAL, SSL_AD_INTERNAL_ERROR};

    tls_kernel_add(&t->wire.out, SSL3_RT_ALERT, alert, sizeof(alert));
    (void)tls_wire_push(&t->wire);
    log_write(NULL, LOG_INFO, "SSL_write() failed (SSL: %s)", err_tls_rekey.message);
    return tls_stream_fail(t, &err_tls_rekey);
}

/* A write past OpenSSL, of `n` vectors or from a file. What is taken to the last byte counts when
 * there is room again. */
static ssize_t pass(struct tls *t, const struct iovec *iov, int n, int fd, off_t offset)
{
    struct stream *under = t->wire.under;
    ssize_t sent = t->wire.out.n ? settle(t, iov, n) : 0;

    if (sent)
        return sent;
    if (SSL_get_key_update_type(t->ssl) != SSL_KEY_UPDATE_NONE)
        return refuse_new_keys(t);
    sent = fd < 0 ? stream_writev(under, iov, n) : stream_sendfile(under, fd, offset, iov->iov_len);
    if (sent == STREAM_FAILED)
        return tls_stream_fail_below(t);
    if (sent < 0 || (size_t)sent < length_of(iov, n) || tls_kernel_has_room(stream_fd(under)))
        return sent;
    t->wire.is_blocked = true;
    tls_stream_follow(t);
    return wait_for_room(t, sent);
}

ssize_t tls_plain_write(struct stream *s, const struct iovec *iov, int n)
{
    struct tls *t = tls_of(s);
    ssize_t done = begin_write(t, iov, n);

    if (done)
        return done;
    if (UNLIKELY(t->wire.way == TLS_WAY_KERNEL))
        return pass(t, iov, n, -1, 0);
    done = encrypt(t, iov, n);
    if (done < 0 || tls_stream_push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    return LIKELY(!t->wire.is_blocked) ? done : wait_for_room(t, done);
}

bool tls_plain_can_sendfile(const struct stream *s)
{
    return tls_of(s)->wire.way == TLS_WAY_KERNEL;
}

ssize_t tls_plain_sendfile(struct stream *s, int fd, off_t offset, size_t n)
{
    struct tls *t = tls_of(s);
    struct iovec section = {.iov_len = n};
    ssize_t done = begin_write(t, &section, 1);

    return done ? done : pass(t, &section, 1, fd, offset);
}

/* --- readiness --- */

void tls_plain_on_under_ready(struct stream *under, int events)
{
    struct tls *t = under->user;

    if ((events & IO_WRITE) && t->wire.is_blocked && tls_stream_push(t) == STREAM_FAILED)
        events |= IO_READ | IO_WRITE; /* whatever is tried next fails */
    if (t->wire.is_blocked)
        events &= ~IO_WRITE;
    events &= t->watched;
    if (events)
        t->stream.on_ready(&t->stream, events);
}

void tls_plain_watch(struct stream *s, int events)
{
    struct tls *t = tls_of(s);

    t->watched = (uint8_t)events;
    tls_stream_follow(t);
    announce(t);
}
