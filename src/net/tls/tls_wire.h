/* The transport below OpenSSL: ciphertext from and to a stream. Internal to TLS.
 *
 * What OpenSSL writes is staged in one buffer of the process and goes out in one call at the end of
 * each operation (tls_wire_push), so that a flight of the handshake or several records are one
 * system call. What the stream does not take is kept by the connection.
 *
 * Where OpenSSL is told to (SSL_OP_ENABLE_KTLS) and the kernel can, the kernel encrypts what is
 * sent once the handshake has made the keys of data. */
#ifndef NET_TLS_WIRE_H
#define NET_TLS_WIRE_H

#include <openssl/bio.h>

#include "base/buf.h"
#include "net/stream.h"

enum tls_way {
    TLS_WAY_STAGED,
    TLS_WAY_STACKED, /* `under` is TLS, too: it stages its own bytes whenever it is called */
    TLS_WAY_KERNEL,  /* the kernel encrypts, see tls_kernel.h: data goes past OpenSSL */
};

struct tls_wire {
    struct stream *under;
    struct buf out;   /* ciphertext on its way, or messages of tls_kernel_add */
    struct buf first; /* read before TLS began, to be taken before others; or no TLS at all */
    bool must_be_tls; /* nothing was received yet, and a server wants to see a handshake */
    bool is_alien;    /* what came first was no TLS */
    bool is_flooded;  /* no more is read: see tls_notice.h */
    bool is_drained;  /* `under` gave less than it was asked for in this operation */
    bool is_starved;  /* and then more was wanted: the operation has to wait */
    bool is_ended;    /* `under` has ended */
    bool is_blocked;  /* `under` took less than it was given */
    bool is_mute;     /* `under` takes no more: what is written goes nowhere */
    uint8_t way;      /* enum tls_way */
};

/* OpenSSL's view of `w`, which must outlive it. */
BIO *tls_wire_bio(struct tls_wire *w);

/* Is there input that was read before TLS began? */
static inline bool tls_wire_has_first(const struct tls_wire *w)
{
    return w->first.n && !w->is_alien;
}

/* An operation of OpenSSL that may read begins. */
static inline void tls_wire_begin(struct tls_wire *w)
{
    w->is_drained = w->is_starved = false;
}

/* Sends what is staged and kept; STREAM_FAILED: w->under->err. */
int tls_wire_push(struct tls_wire *w);

/* Moves what is staged to the connection instead: it goes with the next push. */
void tls_wire_hold(struct tls_wire *w);

#endif
