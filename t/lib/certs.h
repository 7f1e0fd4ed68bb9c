/* Certificates for tests, made when first asked for and kept until the process ends: an authority,
 * and what it signs. */
#ifndef T_LIB_CERTS_H
#define T_LIB_CERTS_H

#include "net/tls/tls_ctx.h"

enum cert {
    CERT_CA,
    CERT_SERVER,     /* for localhost and 127.0.0.1 */
    CERT_SERVER_RSA, /* likewise */
    CERT_CLIENT,
    CERT_REVOKED, /* serial number 4711 */
    CERT_EXPIRED, /* for localhost */
    CERT_FUTURE,  /* for localhost */
    CERT_OTHER,   /* for other.example */
    CERT_ALONE,   /* for localhost, signed by itself */
    CERT_COUNT
};

/* The certificate and its key, as PEM. */
struct tls_credential certs_get(enum cert which);

/* The authority's list of what is revoked, as PEM. */
struct slice certs_revocations(void);

/* Writes PEM to a new file; its path is the caller's (mem_free), who removes it. */
char *certs_file(struct slice pem);

/* Frees everything. */
void certs_free(void);

#endif
