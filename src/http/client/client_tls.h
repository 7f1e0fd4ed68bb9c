/* The handshake of a connection that is being made, under a deadline. */
#ifndef HTTP_CLIENT_TLS_H
#define HTTP_CLIENT_TLS_H

#include "http/client/client_dial.h"

struct client_tls;

/* Called once, from the loop: the TLS stream, the callee's from now on, or NULL and why. */
typedef void (*client_tls_fn)(void *user, struct stream *s, const struct err *err,
                              const char *text);

/* Begins on `under`, which it owns from now on, as `way` says; `ms`: how long it may take, 0: any
 * time. `fn` is not called before return. */
struct client_tls *client_tls_start(struct stream *under, const struct client_way *way, uint64_t ms,
                                    client_tls_fn fn, void *user);

/* No call follows; the stream is closed; clears the pointer (NULL inside is fine). */
void client_tls_cancel(struct client_tls **t);

/* For a hook of the handshake (struct tls_hooks): `tls_user` of the way. Valid until on_gone. */
void *client_tls_user(const struct stream *s);

/* A hook that answered TLS_WAIT is through: its function is called again, from the loop. */
void client_tls_resume(struct stream *s);

extern const struct err client_err_tls_timeout;

#endif
