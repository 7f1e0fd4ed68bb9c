/* OCSP responses that a server's context shows to clients that ask, one for each certificate. */
#ifndef NET_TLS_STAPLE_H
#define NET_TLS_STAPLE_H

#include "net/tls/tls_ctx.h"

/* Appends the i-th certificate and its issuer as DER: from those behind the certificate, or from
 * those that clients' certificates are checked with; the issuer may be missing. False: there is no
 * such certificate. */
bool tls_staple_chain(struct tls_ctx *c, unsigned i, struct buf *out);

/* From now on `response` (in DER; empty: nothing) is shown with the i-th certificate. */
void tls_staple_set(struct tls_ctx *c, unsigned i, struct slice response);

/* The same with whichever certificate. */
void tls_staple_set_any(struct tls_ctx *c, struct slice response);

/* Makes the context answer those who ask. Internal to TLS, like the next. */
void tls_staple_use(struct tls_ctx *c);

#endif
