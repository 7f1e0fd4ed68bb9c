/* What the files of TLS share and nobody else sees: OpenSSL's objects behind ours. */
#ifndef NET_TLS_OPENSSL_H
#define NET_TLS_OPENSSL_H

#include <openssl/ssl.h>

#include "net/tls/tls_ctx.h"
#include "net/tls/tls_tickets.h"

struct tls_staple {
    const X509 *leaf; /* of the context; NULL: whichever */
    char *p;          /* a response in DER; NULL: none */
    size_t n;
};

/* Lives as long as the SSL_CTX, whose count is its own. */
struct tls_ctx {
    SSL_CTX *ssl;
    const struct tls_hooks *hooks; /* NULL: none */
    char *curves;                  /* NULL: the library's */
    unsigned char *alpn;           /* length-prefixed names; NULL: none */
    unsigned alpn_n;
    struct tls_ticket_key *ticket_keys; /* the first seals; NULL: those of the hour */
    unsigned n_ticket_keys;
    const struct log_sink *key_log; /* NULL: none */
    struct tls_staple *staples;     /* OCSP responses, see tls_staple.h */
    unsigned n_staples;
    uint16_t record_size;     /* largest record sent */
    bool takes_early;         /* data before the handshake is over */
    bool skips_own_judgement; /* see tls_client_options */
    bool has_verify_mode;     /* by a command: connections do not go back on it */
};

/* OpenSSL's object of a TLS stream. */
SSL *tls_ssl(const struct stream *s);

/* The session that a stream holds for whoever asks next: a client's newest, or one that a server
 * was given (tls_store_offer). NULL: none. */
SSL_SESSION **tls_session_slot(struct stream *s);

/* The stream of an object that tls_accept or tls_connect made. */
static inline struct stream *tls_of_ssl(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* A context of the library with ours, which is freed with it; one reference. */
struct tls_ctx *tls_openssl_new(const SSL_METHOD *method);

/* The context that an object uses now. */
struct tls_ctx *tls_openssl_ctx(const SSL *ssl);

/* A verify callback for handshakes that only ask: any certificate lets them go on; the library's
 * judgement stays readable. */
int tls_openssl_accept_any(int is_good, X509_STORE_CTX *store);

/* Appends what a memory BIO holds. */
void tls_openssl_append(BIO *bio, struct buf *out);

/* A set of versions (TLS_1_2 | …) in the library's terms. */
struct tls_versions {
    uint64_t without; /* options that leave out the others */
    int least;        /* 0: none */
    bool is_old;      /* their signatures are refused at the library's usual level of security */
};

/* Translates. */
struct tls_versions tls_openssl_versions(unsigned wanted);

/* A certificate with those above it, in order, and its key. */
struct tls_chain {
    X509 *leaf;
    STACK_OF(X509) * above; /* may be empty */
    EVP_PKEY *key;
};

#endif
