/* The TLS stream from inside: what tls.c (its life), tls_plain.c (bytes both ways) and tls_stream.c
 * (failures, sending what is staged, the handshake) share.
 *
 * Two facts make it simple: renegotiation is off, so after the handshake reading never waits for
 * writability nor writing for readability; and the transport below (tls_wire) takes whatever
 * OpenSSL writes, so OpenSSL never waits to write. */
#ifndef NET_TLS_STREAM_H
#define NET_TLS_STREAM_H

#include "base/list.h"
#include "loop/loop.h"
#include "net/stream.h"
#include "net/tls/tls_openssl.h"
#include "net/tls/tls_wire.h"

enum tls_phase { TLS_HANDSHAKE, TLS_OPEN, TLS_BROKEN };

enum tls_early {
    TLS_EARLY_NONE,  /* the handshake is over, or nothing is taken before */
    TLS_EARLY_COMES, /* there may be some */
    TLS_EARLY_CAME,  /* there is no more; the handshake goes on */
    TLS_EARLY_KEPT,  /* the handshake is over; some was not read yet */
};

struct tls {
    struct stream stream;
    struct tls_wire wire;
    SSL *ssl;
    SSL_SESSION *session;      /* see tls_session_slot */
    struct tls_resume *resume; /* where a client's go instead; NULL: there */
    char *text;                /* of a failure; NULL: none */
    struct loop_call call;     /* input that no descriptor announces */
    struct loop_call flush;    /* what the handshake left to be sent */
    void *state;               /* of hooks */
    size_t debt;
    struct buf early_in;  /* early data that was not read yet */
    unsigned holds;       /* besides the owner's */
    uint32_t sent_small;  /* since the start or the last silence, up to SMALL_MOST */
    uint32_t last_write;  /* clock_ms() */
    uint32_t steps_since; /* likewise */
    uint16_t steps;       /* of TLS itself since then, see tls_notice.h */
    uint8_t phase, early;
    uint8_t watched, watched_under;
    bool has_more;
    bool is_inside;       /* OpenSSL is on the stack: a hook may be running */
    bool is_alerted;      /* the peer's last alert was not close_notify */
    bool is_hooked;       /* the handshake waits for a hook, whatever comes meanwhile */
    bool must_end;        /* end the stream underneath when all is out */
    bool has_lost_output; /* broken only because the stream underneath takes no more */
    bool has_ended;       /* we have sent close_notify */
    bool is_closed;       /* by its owner; somebody holds it */
};

/* The TLS stream that `s` is. */
static inline struct tls *tls_of(const struct stream *s)
{
    return CONTAINER_OF(s, struct tls, stream);
}

/* Has the peer ended its side well? */
static inline bool tls_stream_has_peer_ended(const struct tls *t)
{
    return (SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN) && !t->is_alerted;
}

/* See tls_is_early. */
static inline bool tls_stream_is_early(const struct tls *t)
{
    return t->phase == TLS_OPEN && (t->early == TLS_EARLY_COMES || t->early == TLS_EARLY_CAME);
}

/* Will reading not be in vain, though no descriptor says so? */
static inline bool tls_stream_has_pending(const struct tls *t)
{
    return SSL_has_pending(t->ssl) || tls_wire_has_first(&t->wire);
}

/* Brings what is watched underneath in line. */
void tls_stream_follow(struct tls *t);

/* Breaks the stream; STREAM_FAILED. */
int tls_stream_fail(struct tls *t, const struct err *e);

/* Breaks it because the stream underneath takes no more; STREAM_FAILED. */
int tls_stream_fail_below(struct tls *t);

/* Breaks it because OpenSSL has given up, whose reason is asked for; STREAM_FAILED. */
int tls_stream_fail_by_library(struct tls *t);

/* Sends what is staged as far as it goes: 0, or STREAM_FAILED. */
int tls_stream_push(struct tls *t);

/* Goes on with the handshake: as SSL_do_handshake. */
int tls_stream_shake(struct tls *t);

/* What is staged goes with the next write, or at the end of the turn (t->flush). */
void tls_stream_send_later(struct tls *t);

/* The fn of t->flush. */
void tls_stream_on_flush(struct loop_call *call);

#endif
