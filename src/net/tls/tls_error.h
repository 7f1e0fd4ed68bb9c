/* What can go wrong with TLS, as constants, and what OpenSSL reports in these terms. */
#ifndef NET_TLS_ERROR_H
#define NET_TLS_ERROR_H

#include "base/buf.h"
#include "base/err.h"

extern const struct err err_tls_expired;       /* the peer's certificate, or one above it */
extern const struct err err_tls_not_yet_valid; /* likewise */
extern const struct err err_tls_unknown_ca;    /* no trusted certificate at the end of the chain */
extern const struct err err_tls_self_signed;   /* the peer's certificate vouches for itself */
extern const struct err err_tls_wrong_name;    /* it is somebody else's certificate */
extern const struct err err_tls_revoked;
extern const struct err err_tls_bad_certificate; /* any other reason not to accept it */
extern const struct err err_tls_no_certificate;  /* the peer has shown none, we have none */
extern const struct err err_tls_no_shared_cipher;
extern const struct err err_tls_no_shared_protocol;      /* no version of TLS that both speak */
extern const struct err err_tls_no_application_protocol; /* none of ALPN that both speak */
extern const struct err err_tls_alert;     /* the peer gave up the handshake or the connection */
extern const struct err err_tls_handshake; /* any other failure of a handshake */
extern const struct err err_tls_refused;   /* a rule of ours: names that are not served, a hook */
extern const struct err err_tls_truncated; /* the connection ended without close_notify */
extern const struct err err_tls_not_tls;   /* what came is not TLS */
extern const struct err err_tls_malformed; /* what came on an open stream breaks the rules of TLS */
extern const struct err err_tls_flood;     /* new keys or handshakes are asked for too often */
extern const struct err err_tls_rekey;     /* new keys are asked for, and the kernel has the old */
extern const struct err err_tls_material;  /* a certificate, key or list that cannot be used */

/* The constant for a result of certificate verification (X509_V_ERR_…); NULL when that was fine. */
const struct err *tls_error_of_verify(long result);

/* Empties the library's queue of errors: the constant for the first of them (err_tls_handshake when
 * there is none); its text is appended to `why`, which may be NULL. */
const struct err *tls_error_take(struct buf *why);

#endif
