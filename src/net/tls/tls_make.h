/* Making keys, certificates and revocation lists: for tests and for servers that want TLS before
 * anybody has certified them. */
#ifndef NET_TLS_MAKE_H
#define NET_TLS_MAKE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum tls_key { TLS_KEY_P256, TLS_KEY_RSA_2048 };

struct tls_make_options {
    struct slice common_name;
    const struct slice *names; /* DNS names and addresses that it is good for */
    unsigned n_names;
    enum tls_key key;
    bool is_ca;
    int64_t starts_in, ends_in;           /* seconds from now; both 0: an hour ago, in a year */
    struct slice issuer_cert, issuer_key; /* PEM; empty: signed by its own key */
    struct slice ocsp_url;                /* empty: none */
    uint64_t serial;                      /* 0: a random one */
};

/* Makes a certificate and its key and appends them as PEM. err_tls_material, err_invalid. */
const struct err *tls_make_certificate(const struct tls_make_options *o, struct buf *cert_pem,
                                       struct buf *key_pem) MUST_USE;

/* Appends, as PEM, a revocation list of an issuer that names `n` serial numbers. */
const struct err *tls_make_revocations(struct slice issuer_cert, struct slice issuer_key,
                                       const uint64_t *serials, unsigned n,
                                       struct buf *pem) MUST_USE;

#endif
