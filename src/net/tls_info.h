/* What a TLS stream has agreed on, and who its peer is. Valid once the handshake is over (the
 * server name: from the ClientHello on); slices as long as the stream, unless they are appended to
 * a buffer. */
#ifndef NET_TLS_INFO_H
#define NET_TLS_INFO_H

#include "base/buf.h"
#include "net/stream.h"

/* "TLSv1.3". */
struct slice tls_version(const struct stream *s);

/* As TLS numbers it: 0x0304 for 1.3. */
int tls_version_number(const struct stream *s);

/* "TLS_AES_256_GCM_SHA384". */
struct slice tls_cipher(const struct stream *s);

/* "h2", "http/1.1", or empty. */
struct slice tls_alpn(const struct stream *s);

/* The name that the client asked for; empty when it named none. */
struct slice tls_server_name(const struct stream *s);

/* Did it go on with an earlier session? */
bool tls_is_resumed(const struct stream *s);

/* Was the peer's certificate verified? NULL: yes. err_tls_no_certificate: it has shown none. Else
 * why not; `why` (may be NULL) gets the library's words. */
const struct err *tls_verified(const struct stream *s, struct buf *why);

/* Appends the peer's certificate as PEM; false when it has shown none. */
bool tls_peer_certificate(const struct stream *s, struct buf *pem) MUST_USE;

#endif
