/* Records that the kernel encrypts (kTLS): what is written to the socket is data, which the kernel
 * puts into records of its own; messages of TLS itself go beside it, by type. Only for sending.
 * Internal to TLS.
 *
 * The kernel may take bytes although the socket has no room for their record. That record waits
 * beside the socket's queue, and a shutdown or a close would lose it; it has gone when there is
 * room again. */
#ifndef NET_TLS_KERNEL_H
#define NET_TLS_KERNEL_H

#include "base/buf.h"
#include "net/stream.h"

/* What OpenSSL asks of a transport, by numbers that its bio.h has in a comment only. */
enum {
    TLS_KERNEL_KEYS = 72, /* to encrypt with these, where the number is not 0: of sending */
    TLS_KERNEL_TYPE = 74, /* the next write is a message of this type */
};

/* From now on the kernel encrypts what is sent on a socket; `keys` is OpenSSL's form of them.
 * False: it does not, not these ciphers, or nothing that is no socket of TCP. */
bool tls_kernel_start(int fd, void *keys);

/* Has all that was sent gone to the socket's queue, and is there room for more? */
bool tls_kernel_has_room(int fd);

/* Puts a message of TLS itself behind those that wait in `out`; `type` as records have it. */
void tls_kernel_add(struct buf *out, uint8_t type, const void *p, size_t n);

/* Sends messages that wait. 0: all, and there is room for more; STREAM_AGAIN; STREAM_FAILED. */
int tls_kernel_flush(struct stream *s, struct buf *out);

#endif
