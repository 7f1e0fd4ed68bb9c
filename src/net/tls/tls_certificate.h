/* What the certificate of a stream's peer says. Each appends to `out` and answers false, appending
 * nothing, when the peer has shown none. */
#ifndef NET_TLS_CERTIFICATE_H
#define NET_TLS_CERTIFICATE_H

#include "base/buf.h"
#include "net/stream.h"

/* The certificate as PEM. */
bool tls_peer_certificate(const struct stream *s, struct buf *out);

/* The subject as RFC 2253 writes names: "CN=client,O=Example". */
bool tls_certificate_subject(const struct stream *s, struct buf *out);

/* The issuer, likewise. */
bool tls_certificate_issuer(const struct stream *s, struct buf *out);

/* The subject the old way: "/O=Example/CN=client". */
bool tls_certificate_subject_legacy(const struct stream *s, struct buf *out);

/* The issuer, likewise. */
bool tls_certificate_issuer_legacy(const struct stream *s, struct buf *out);

/* The serial number in hexadecimal, upper case. */
bool tls_certificate_serial(const struct stream *s, struct buf *out);

/* SHA-1 of the certificate in hexadecimal, lower case. */
bool tls_certificate_fingerprint(const struct stream *s, struct buf *out);

/* When it becomes valid: "Nov 26 04:44:06 2026 GMT". */
bool tls_certificate_starts(const struct stream *s, struct buf *out);

/* When it stops being valid. */
bool tls_certificate_ends(const struct stream *s, struct buf *out);

/* Whole days until then; 0 when that is past. */
bool tls_certificate_days(const struct stream *s, struct buf *out);

#endif
