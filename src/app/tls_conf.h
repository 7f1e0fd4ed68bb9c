/* What the ssl_ directives of a level say. A level that says nothing shares what it inherits. */
#ifndef APP_TLS_CONF_H
#define APP_TLS_CONF_H

#include "app/conf.h"
#include "net/tls_ctx.h"
#include "net/tls_tickets.h"

enum tls_client_check { TLS_CHECK_OFF, TLS_CHECK_ON, TLS_CHECK_OPTIONAL, TLS_CHECK_OPTIONAL_NO_CA };

struct tls_conf {
    const struct location *owner; /* the level that has made it */
    const char **certs, **keys;   /* files; the n-th key belongs to the n-th certificate */
    unsigned n_certs, certs_size, n_keys, keys_size;
    struct slice *passwords; /* of keys */
    unsigned n_passwords, passwords_size;
    struct tls_ticket_key *ticket_keys;
    unsigned n_ticket_keys, ticket_keys_size;
    const char *ciphers, *ciphersuites, *curves, *dh_file; /* NULL: the library's */
    const char *client_ca, *trusted_ca, *crl;              /* NULL: none */
    const char *alpn;        /* of stream: protocols joined by commas; NULL: none */
    const char *staple_file; /* an OCSP response in DER; NULL: none */
    unsigned protocols;      /* TLS_1_2 | … */
    unsigned depth;
    unsigned sessions_most; /* kept by each worker for clients without tickets; 0: none */
    enum tls_client_check check;
    uint64_t session_timeout; /* ms */
    size_t buffer_size;
    const struct lua_code *hello_by_lua, *certificate_by_lua; /* NULL: none */
    bool prefers_own_ciphers, has_tickets, rejects, has_early_data, has_staple;
};

/* The conf of `loc` to write to: its own, a copy of the inherited one when it has none yet. */
struct tls_conf *tls_conf_own(struct app_conf *conf, struct location *loc);

#endif
