/* A TLS stream that fails, that sends what OpenSSL has staged, that shakes hands. */
#include "net/tls/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "base/log.h"
#include "base/mem.h"
#include "loop/io.h"
#include "net/tls/tls.h"
#include "net/tls/tls_early.h"
#include "net/tls/tls_error.h"

void tls_stream_follow(struct tls *t)
{
    int events = (t->is_hooked ? 0 : t->watched) | (t->wire.is_blocked ? IO_WRITE : 0);

    if (events == t->watched_under)
        return;
    t->watched_under = (uint8_t)events;
    stream_watch(t->wire.under, events);
}

int tls_stream_fail(struct tls *t, const struct err *e)
{
    t->stream.err = e;
    t->phase = TLS_BROKEN;
    return STREAM_FAILED;
}

int tls_stream_fail_below(struct tls *t)
{
    t->has_lost_output = t->phase == TLS_OPEN;
    return tls_stream_fail(t, t->wire.under->err);
}

int tls_stream_push(struct tls *t)
{
    if (tls_wire_push(&t->wire) == STREAM_FAILED)
        return tls_stream_fail_below(t);
    if (!t->wire.is_blocked && t->must_end) {
        t->must_end = false;
        stream_shutdown(t->wire.under);
    }
    tls_stream_follow(t);
    return 0;
}

/* --- failures --- */

static void set_text(struct tls *t, struct buf *text)
{
    mem_free(t->text);
    t->text = text->n ? mem_strdup(buf_slice(text)) : NULL;
    buf_free(text);
}

int tls_stream_fail_by_library(struct tls *t)
{
    long verified = SSL_get_verify_result(t->ssl);
    struct buf text = BUF_EMPTY;
    const struct err *e = tls_error_take(&text);

    (void)tls_wire_push(&t->wire); /* an alert */
    if (t->wire.is_alien) {
        e = &err_tls_not_tls;
    } else if (t->wire.is_flooded) {
        e = &err_tls_flood;
    } else if (t->wire.under->err) {
        e = t->wire.under->err;
    } else if (t->wire.is_ended) {
        e = t->phase == TLS_HANDSHAKE ? &err_closed : &err_tls_truncated;
    } else if (t->phase == TLS_OPEN && e == &err_tls_handshake) {
        e = &err_tls_malformed;
    } else if (e == &err_tls_bad_certificate && verified != X509_V_OK) {
        e = tls_error_of_verify(verified);
        buf_printf(&text, ": %s", X509_verify_cert_error_string(verified));
    }
    set_text(t, &text);
    return tls_stream_fail(t, e);
}

/* --- the handshake --- */

void tls_stream_on_flush(struct loop_call *call)
{
    struct tls *t = CONTAINER_OF(call, struct tls, flush);

    /* whoever reads or writes next is told of a failure */
    (void)tls_stream_push(t);
}

void tls_stream_send_later(struct tls *t)
{
    tls_wire_hold(&t->wire);
    if (t->wire.out.n && !t->wire.is_blocked)
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
    if (t->wire.way == TLS_WAY_KERNEL)
        log_write(NULL, LOG_DEBUG, "BIO_get_ktls_send(): 1");
}

/* What is left to send (tickets; a client's last flight) goes with the first answer or request, or
 * at the end of the turn. */
static int open_up(struct tls *t)
{
    t->phase = TLS_OPEN;
    if (UNLIKELY(log_is_on(NULL, LOG_DEBUG)))
        note_open(t);
    tls_stream_send_later(t);
    t->has_more = t->early || tls_stream_has_pending(t);
    tls_stream_follow(t);
    return 0;
}

int tls_stream_shake(struct tls *t)
{
    int r;

    ERR_clear_error();
    tls_wire_begin(&t->wire);
    t->is_inside = true;
    r = t->early ? tls_early_shake(t) : SSL_do_handshake(t->ssl);
    t->is_inside = false;
    return r;
}

int tls_handshake(struct stream *s)
{
    struct tls *t = tls_of(s);
    int r, want;

    if (t->phase != TLS_HANDSHAKE)
        return s->err ? STREAM_FAILED : 0;
    r = tls_stream_shake(t);
    want = SSL_want(t->ssl);
    t->is_hooked =
        want == SSL_X509_LOOKUP || want == SSL_CLIENT_HELLO_CB || want == SSL_RETRY_VERIFY;
    if (r == 1 || (t->early_in.n && t->wire.is_starved))
        return open_up(t);
    if (tls_stream_push(t) == STREAM_FAILED)
        return STREAM_FAILED;
    return t->wire.is_starved || t->is_hooked ? STREAM_AGAIN : tls_stream_fail_by_library(t);
}
