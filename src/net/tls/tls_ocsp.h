/* OCSP (RFC 6960): who tells whether a certificate is revoked, what to ask, whether an answer
 * holds, and showing it to clients (RFC 6066 section 8). A chain is DER: the certificate, then its
 * issuer, then anything. Failures are err_tls_material with a text appended to `why`. */
#ifndef NET_TLS_OCSP_H
#define NET_TLS_OCSP_H

#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"

/* Appends the URL of the responder that the certificate names; nothing when it names none, whatever
 * follows it. */
const struct err *tls_ocsp_responder(struct slice chain, struct buf *out, struct buf *why) MUST_USE;

/* Appends the request for the certificate's status. */
const struct err *tls_ocsp_request(struct slice chain, struct buf *out, struct buf *why) MUST_USE;

/* Is this a response, by the issuer or somebody it has charged with that, valid now, that calls the
 * certificate good? *next_out: when there will be a newer one, in seconds since 1970; 0: it does
 * not say. */
const struct err *tls_ocsp_check(struct slice response, struct slice chain, int64_t *next_out,
                                 struct buf *why) MUST_USE;

/* Is this a response at all, whatever it says? */
bool tls_ocsp_is_response(struct slice response);

/* Shows the response to the client of a handshake. False: it has not asked for one. */
bool tls_ocsp_staple(struct stream *s, struct slice response);

#endif
