/* Certificates whose files are named by variables: read when a handshake needs one. */
#ifndef APP_TLS_TLS_FILES_H
#define APP_TLS_TLS_FILES_H

#include "app/conf.h"

struct slice;
struct stream;
struct tls_cache;
struct tls_name; /* see tls_conf.h */

/* A certificate and its key, of which either is named by variables. */
struct tls_files {
    const struct tls_name *cert, *key;
    const struct slice *passwords;
    unsigned n_passwords;
    struct tls_cache *cache; /* NULL: none */
    bool may_be_none;        /* an empty name is no failure: there is no certificate */
};

/* Gives them to a handshake, for the visit `v`. False, which is logged: they cannot be read. Blocks
 * while it reads. */
bool tls_files_give(struct visit *v, struct stream *s, const struct tls_files *f);

/* Gives a handshake the certificates of the server that the client asked for whose names have
 * variables; none: nothing happens. The values come from the handshake: $ssl_server_name,
 * $remote_addr and what is made of them. False, which is logged: one cannot be read, or the client
 * asks for a name that no file may have. Blocks while it reads. */
bool tls_files_use(struct stream *s, const struct vhost *vh);

#endif
