/* The bytes of a TLS stream both ways, as stream_ops want them; see tls_stream.h. */
#ifndef NET_TLS_PLAIN_H
#define NET_TLS_PLAIN_H

#include "net/tls/tls_stream.h"

/* Reads what was decrypted; shakes hands first. */
ssize_t tls_plain_read(struct stream *s, void *p, size_t n);

/* Encrypts and sends; shakes hands first. */
ssize_t tls_plain_write(struct stream *s, const struct iovec *iov, int n);

/* Does the kernel encrypt, so that it can do so with files? */
bool tls_plain_can_sendfile(const struct stream *s);

/* Has the kernel send from a file. */
ssize_t tls_plain_sendfile(struct stream *s, int fd, off_t offset, size_t n);

/* What the user of the stream waits for. */
void tls_plain_watch(struct stream *s, int events);

/* on_ready of the stream underneath. */
void tls_plain_on_under_ready(struct stream *under, int events);

/* The fn of t->call: input that no descriptor announces. */
void tls_plain_on_call(struct loop_call *call);

#endif
