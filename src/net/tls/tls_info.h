/* What a TLS stream has agreed on, and who its peer is. Valid once the handshake is over (the
 * server name: from the ClientHello on); slices as long as the stream, unless they are appended to
 * a buffer. */
#ifndef NET_TLS_INFO_H
#define NET_TLS_INFO_H

#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"

/* "TLSv1.3". */
struct slice tls_info_version(const struct stream *s);

/* As TLS numbers it: 0x0304 for 1.3. */
int tls_info_version_number(const struct stream *s);

/* "TLS_AES_256_GCM_SHA384". */
struct slice tls_info_cipher(const struct stream *s);

/* "h2", "http/1.1", or empty. */
struct slice tls_info_alpn(const struct stream *s);

/* The name that the client asked for; empty when it named none. */
struct slice tls_info_server_name(const struct stream *s);

/* Did it go on with an earlier session? */
bool tls_info_is_resumed(const struct stream *s);

/* Was the peer's certificate verified? NULL: yes. err_tls_no_certificate: it has shown none. Else
 * why not; `why` (may be NULL) gets the library's words. */
const struct err *tls_info_verified(const struct stream *s, struct buf *why);

/* Is it tls_info_verified's answer for a chain that ends with nobody we know? */
bool tls_info_is_of_unknown_ca(const struct err *e);

/* The group of the key exchange: "X25519". */
struct slice tls_info_curve(const struct stream *s);

/* Appends the ciphers that the client offered, names separated by colons; false: not known. */
bool tls_info_client_ciphers(const struct stream *s, struct buf *out);

/* Appends the groups that the client offered, likewise. */
bool tls_info_client_curves(const struct stream *s, struct buf *out);

/* Appends the session's number in hexadecimal; false when it has none. */
bool tls_info_session_id(const struct stream *s, struct buf *out);

/* Copies the first bytes of a secret or random number of the handshake, `most` at the most; how
 * many, with `most` 0 how many there are. */
size_t tls_info_client_random(const struct stream *s, unsigned char *out, size_t most);

/* The server's, likewise. */
size_t tls_info_server_random(const struct stream *s, unsigned char *out, size_t most);

/* The session's master key, likewise; 0: there is none yet. */
size_t tls_info_master_key(const struct stream *s, unsigned char *out, size_t most);

/* Material for keys of others (RFC 5705, RFC 8446 section 7.5); `context.p` NULL: without one;
 * `is_early`: of early data. False: not now. */
bool tls_info_export_key(const struct stream *s, struct slice label, struct slice context,
                         bool is_early, unsigned char *out, size_t n);

/* Numbers of the ciphers that both sides have, ours first; how many there are, of which the first
 * `most` are written. */
size_t tls_info_shared_ciphers(const struct stream *s, uint16_t *out, size_t most);

/* The library's name, version and date. */
const char *tls_info_library(void);

/* The library's SSL behind the stream. */
void *tls_info_pointer(const struct stream *s);

/* The library's SSL_CTX of it. */
void *tls_info_ctx_pointer(const struct stream *s);

#endif
