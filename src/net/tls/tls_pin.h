/* Pinning: the peer's key must be one of those known beforehand (RFC 7469, 2.4). */
#ifndef NET_TLS_PIN_H
#define NET_TLS_PIN_H

#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"

extern const struct err err_tls_pin; /* the peer's key is none of those that were pinned */

/* NULL when `pins` is empty or one of its words ("sha256/BASE64", or the base64 alone) is the
 * peer's. */
const struct err *tls_pin_check(const struct stream *s, struct slice pins) MUST_USE;

/* Appends "sha256/…" of the key in the first certificate of a PEM text. False: there is none. */
bool tls_pin_of_pem(struct slice pem, struct buf *out);

#endif
