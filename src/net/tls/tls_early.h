/* Early data of TLS 1.3 (RFC 8446 section 2.3): what a client that resumes a session sends before
 * the handshake is over. Anybody who has seen it can send it again, so whoever reads it is told
 * (tls_is_early). */
#ifndef NET_TLS_EARLY_H
#define NET_TLS_EARLY_H

#include "net/tls/tls_stream.h"

/* In place of SSL_do_handshake where early data is taken, and as often: 1 when the handshake is
 * over. What has come early meanwhile is in t->early_in. */
int tls_early_shake(struct tls *t);

#endif
