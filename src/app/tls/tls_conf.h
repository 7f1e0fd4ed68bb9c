/* What the ssl_ directives of a level say. A level that says nothing shares what it inherits. */
#ifndef APP_TLS_TLS_CONF_H
#define APP_TLS_TLS_CONF_H

#include "app/conf.h"
#include "net/tls/tls_cache.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_tickets.h"

enum tls_client_check { TLS_CHECK_OFF, TLS_CHECK_ON, TLS_CHECK_OPTIONAL, TLS_CHECK_OPTIONAL_NO_CA };

/* The file of a certificate or key. */
struct tls_name {
    const char *path;      /* as written, when it has variables */
    struct script *script; /* NULL: it has none */
};

struct tls_conf {
    const struct location *owner;  /* the level that has made it */
    struct tls_name *certs, *keys; /* the n-th key belongs to the n-th certificate */
    unsigned n_certs, certs_size, n_keys, keys_size;
    struct slice *passwords; /* of keys */
    unsigned n_passwords;
    struct tls_cache *cache; /* of certificates named by variables; NULL: none */
    struct tls_ticket_key *ticket_keys;
    unsigned n_ticket_keys, ticket_keys_size;
    struct tls_command *commands; /* ssl_conf_command */
    unsigned n_commands, commands_size;
    const char *ciphers, *ciphersuites, *curves, *dh_file; /* NULL: the library's */
    const char *client_ca, *trusted_ca, *crl;              /* NULL: none */
    const char *alpn;               /* of stream: protocols joined by commas; NULL: none */
    const char *staple_file;        /* an OCSP response in DER; NULL: none */
    const struct log_sink *key_log; /* secrets of connections; NULL: nowhere */
    const char *staple_responder;   /* whom to ask; NULL: whom the certificate names */
    unsigned protocols;             /* TLS_1_2 | … */
    unsigned depth;
    unsigned sessions_most;           /* kept by each worker for clients without tickets; 0: none */
    const struct zone_conf *sessions; /* kept by all workers together; NULL: none */
    enum tls_client_check check;
    uint64_t session_timeout; /* ms */
    size_t buffer_size;
    const struct lua_code *hello_by_lua, *certificate_by_lua; /* NULL: none */
    const struct lua_code *session_fetch_by_lua, *session_store_by_lua;
    bool has_variable_names; /* of some certificate or key: see tls_files.h */
    bool prefers_own_ciphers, has_tickets, rejects, has_early_data, has_staple, verifies_staple;
};

/* The conf of `loc` to write to: its own, a copy of the inherited one when it has none yet. */
struct tls_conf *tls_conf_own(struct app_conf *conf, struct location *loc);

/* The versions that a directive names, as bits; those of SSL are never
 * spoken. */
bool tls_conf_read_protocols(const struct config_node *node, unsigned *out, struct config_error *e);

/* ssl_conf_command and its kind: reads the two arguments into `out`; false: the library would not
 * obey. */
bool tls_conf_read_command(struct app_conf *conf, const struct config_node *node,
                           enum tls_role role, struct tls_command *out, struct config_error *e);

/* ssl_certificate_cache and its kind: a cache in the configuration's pool; NULL: off. */
bool tls_conf_read_cache(struct app_conf *conf, const struct config_node *node,
                         struct tls_cache **out, struct config_error *e);

/* The reference in *ctx is let go of with the configuration. */
void tls_conf_hold(struct app_conf *conf, struct tls_ctx **ctx);

/* Appends what the file that the directive names holds, which is small: keys, passwords. */
bool tls_conf_read_file(struct app_conf *conf, const struct config_node *node, struct buf *out,
                        struct config_error *e);

/* The lines of such a file as a list of its own: passwords of keys. */
bool tls_conf_read_passwords(struct app_conf *conf, const struct config_node *node,
                             struct slice **out, unsigned *n_out, struct config_error *e);

#endif
