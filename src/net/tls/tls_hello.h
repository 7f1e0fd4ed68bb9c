/* The ClientHello, while a hook looks at it (tls_hooks.on_hello): slices are valid in the hook. */
#ifndef NET_TLS_HELLO_H
#define NET_TLS_HELLO_H

#include "base/slice.h"
#include "net/stream.h"
#include "net/tls/tls_ctx.h"

/* The body of an extension by its number; false when it is not there. */
bool tls_hello_extension(const struct stream *s, unsigned number, struct slice *out);

/* The numbers of its extensions, in order, `most` at the most; how many are written. */
size_t tls_hello_extensions(const struct stream *s, int *out, size_t most);

/* The numbers of its ciphers, in order; how many are written. */
size_t tls_hello_ciphers(const struct stream *s, uint16_t *out, size_t most);

/* The i-th version of TLS that the client offers, as TLS numbers it; 0 when there are no more.
 * Clients that name no list offer the one version of their hello. */
unsigned tls_hello_version(const struct stream *s, unsigned i);

/* The session that it asks for by name; empty when none, or by a ticket. */
struct slice tls_hello_session_id(const struct stream *s);

/* Speaks these versions only (TLS_1_2 | …) on this connection, whatever its context says. */
void tls_hello_set_protocols(struct stream *s, unsigned protocols);

/* Gives the connection another context, by the name that the client asked for: its certificates,
 * rules for clients, protocols. Takes a reference. */
void tls_hello_use_ctx(struct stream *s, struct tls_ctx *ctx);

#endif
