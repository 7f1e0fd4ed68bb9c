/* The staging buffer holds the bytes of one operation of one connection: each operation ends with
 * push or hold, which empty it. TLS over TLS empties it before it calls what is underneath. */
#include "net/tls/tls_wire.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "net/tls/tls_kernel.h"

enum { STAGE_SIZE = 5 * (16384 + 512), HANDSHAKE_RECORD = 22 };

static struct {
    uint8_t type; /* of the next message that the kernel encrypts */
    size_t n;
    char bytes[STAGE_SIZE];
} stage; /* process-wide: ciphertext of the operation that runs */

static BIO_METHOD *method; /* process-wide: OpenSSL's table of what is below */

void tls_wire_hold(struct tls_wire *w)
{
    if (LIKELY(!stage.n))
        return;
    buf_add(&w->out, stage.bytes, stage.n);
    stage.n = 0;
}

static int write_bio(BIO *bio, const char *p, int n)
{
    struct tls_wire *w = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (UNLIKELY(w->way == TLS_WAY_KERNEL)) { /* no data: that goes past OpenSSL */
        tls_kernel_add(&w->out, stage.type, p, (size_t)n);
        return n;
    }
    if ((size_t)n > STAGE_SIZE - stage.n)
        tls_wire_hold(w);
    if ((size_t)n > STAGE_SIZE) {
        buf_add(&w->out, p, (size_t)n);
        return n;
    }
    memcpy(stage.bytes + stage.n, p, (size_t)n);
    stage.n += (size_t)n;
    return n;
}

/* A record of a handshake, or a hello of SSL 2 that offers more? */
static bool looks_like_tls(unsigned char first)
{
    return first == HANDSHAKE_RECORD || (first & 0x80);
}

/* Of what was read before TLS began. */
static ssize_t read_first(struct tls_wire *w, char *p, size_t n)
{
    size_t got = MIN(n, w->first.n);

    memcpy(p, w->first.p, got);
    buf_drop(&w->first, got);
    if (!w->first.n)
        buf_free(&w->first);
    return (ssize_t)got;
}

static ssize_t read_under(struct tls_wire *w, char *p, size_t n)
{
    ssize_t got = w->is_drained ? STREAM_AGAIN : w->is_ended ? 0 : stream_read(w->under, p, n);

    if (got == STREAM_AGAIN)
        w->is_starved = true;
    if (got == 0)
        w->is_ended = true;
    w->is_drained |= got > 0 && (size_t)got < n;
    return got;
}

static int read_bio(BIO *bio, char *p, int n)
{
    struct tls_wire *w = BIO_get_data(bio);
    ssize_t got;

    if (UNLIKELY(w->way == TLS_WAY_STACKED))
        tls_wire_hold(w);
    if (UNLIKELY(w->is_alien || w->is_flooded))
        return -1;
    got = w->first.n ? read_first(w, p, (size_t)n) : read_under(w, p, (size_t)n);
    BIO_clear_retry_flags(bio);
    if (got == STREAM_AGAIN)
        BIO_set_retry_read(bio);
    if (got <= 0)
        return got ? -1 : 0;
    if (w->must_be_tls && !looks_like_tls((unsigned char)p[0])) {
        buf_add(&w->first, p, (size_t)got);
        w->is_alien = true;
        return -1;
    }
    w->must_be_tls = false;
    return (int)got;
}

static void drop_output(struct tls_wire *w)
{
    buf_free(&w->out);
    stage.n = 0;
    w->is_blocked = false;
}

static int push_messages(struct tls_wire *w)
{
    int r;

    if (w->is_mute)
        drop_output(w);
    if (!w->is_blocked && !w->out.n)
        return 0;
    r = tls_kernel_flush(w->under, &w->out);
    w->is_blocked = r == STREAM_AGAIN;
    if (r != STREAM_FAILED)
        return 0;
    drop_output(w);
    return r;
}

int tls_wire_push(struct tls_wire *w)
{
    struct iovec iov[2];
    int count = 0;
    size_t before, kept;
    ssize_t n;

    if (UNLIKELY(w->way == TLS_WAY_KERNEL))
        return push_messages(w);
    if (UNLIKELY(w->way == TLS_WAY_STACKED))
        tls_wire_hold(w);
    before = w->out.n;
    if (!before && !stage.n)
        return 0;
    if (UNLIKELY(w->is_mute)) {
        drop_output(w);
        return 0;
    }
    if (before)
        iov[count++] = (struct iovec){w->out.p, before};
    if (stage.n)
        iov[count++] = (struct iovec){stage.bytes, stage.n};
    n = stream_writev(w->under, iov, count);
    if (n == STREAM_FAILED) {
        drop_output(w);
        return STREAM_FAILED;
    }
    kept = before + stage.n - (n > 0 ? (size_t)n : 0);
    w->is_blocked = kept > 0;
    if (kept <= stage.n) {
        buf_free(&w->out);
        if (kept)
            buf_add(&w->out, stage.bytes + stage.n - kept, kept);
        stage.n = 0;
        return 0;
    }
    buf_drop(&w->out, before + stage.n - kept);
    tls_wire_hold(w);
    return 0;
}

/* What was written before must be out of the way. */
static bool start_kernel(struct tls_wire *w, void *keys)
{
    if (w->way != TLS_WAY_STAGED || !stream_can_sendfile(w->under))
        return false;
    if (tls_wire_push(w) == STREAM_FAILED || w->is_blocked ||
        !tls_kernel_start(stream_fd(w->under), keys))
        return false;
    w->way = TLS_WAY_KERNEL;
    return true;
}

static long control_bio(BIO *bio, int command, long n, void *p)
{
    struct tls_wire *w = BIO_get_data(bio);

    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return w->is_ended;
    case TLS_KERNEL_KEYS:
        return n && start_kernel(w, p);
    case BIO_CTRL_GET_KTLS_SEND:
        return w->way == TLS_WAY_KERNEL;
    case TLS_KERNEL_TYPE:
        stage.type = (uint8_t)n;
        return 1;
    default:
        return 0;
    }
}

BIO *tls_wire_bio(struct tls_wire *w)
{
    BIO *bio;

    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
        CHECK(method);
        BIO_meth_set_write(method, write_bio);
        BIO_meth_set_read(method, read_bio);
        BIO_meth_set_ctrl(method, control_bio);
    }
    bio = BIO_new(method);
    CHECK(bio);
    BIO_set_data(bio, w);
    BIO_set_init(bio, 1);
    return bio;
}
