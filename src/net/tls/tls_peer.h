/* Whom a client of TLS means to talk to, and the session that it goes on with. */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include "base/err.h"
#include "base/slice.h"

struct evp_pkey_st;
struct ssl_st; /* OpenSSL's object of a connection */
struct stack_st_X509;
struct tls_resume;
struct x509_store_st;

/* Kept by its owner between connections to one server; opaque. */
struct tls_session;

/* Texts and objects are borrowed for the call. */
struct tls_peer {
    struct slice server_name;    /* sent as SNI unless it is an address, and verified; empty:
                                    neither */
    struct slice alpn;           /* "h2,http/1.1"; empty: no ALPN */
    struct tls_session *session; /* to resume; NULL: none. Not taken; left alone when it is with
                                    somebody whom this connection would not accept */
    struct tls_resume *resume; /* instead: sessions are taken from there and left there; NULL: no */
    struct stack_st_X509
        *chain;              /* shown to a server that asks, instead of the context's; NULL: that */
    struct evp_pkey_st *key; /* of it */
    struct x509_store_st *store; /* whom to believe, instead of the context's; NULL: those */
    bool skips_verify;           /* for this connection */
    bool hides_name;             /* it is verified, but not sent */
    bool wants_status;           /* ask for a stapled OCSP response */
};

/* Tells a fresh client's object all of that. err_tls_wrong_name: nobody can have such a name;
 * err_tls_material: the chain or its key cannot be used. */
const struct err *tls_peer_set(struct ssl_st *ssl, const struct tls_peer *peer) MUST_USE;

/* Frees a session and clears the pointer. */
void tls_session_free(struct tls_session **session);

#endif
