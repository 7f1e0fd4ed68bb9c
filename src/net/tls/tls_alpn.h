/* Lists of application protocols: "h2,http/1.1" as text, and as ALPN carries them. */
#ifndef NET_TLS_ALPN_H
#define NET_TLS_ALPN_H

#include "base/buf.h"

/* Appends each name of a comma-separated list with its length before it (RFC 7301). False: a name
 * is empty or longer than 255. */
bool tls_alpn_encode(struct slice list, struct buf *out) MUST_USE;

#endif
