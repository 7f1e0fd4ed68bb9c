/* TLS towards servers: what proxy_ssl_* say, and the context that it makes. */
#ifndef APP_PROXY_TLS_H
#define APP_PROXY_TLS_H

#include "http/client_dial.h"

struct app_conf;
struct visit;

/* Part of a location's proxy settings; files are paths in the configuration's pool. */
struct proxy_tls {
    const char *cert, *key, *trusted, *crl, *ciphers; /* NULL: none, the library's */
    struct script *name;                              /* NULL: $proxy_host */
    unsigned protocols, depth;                        /* 0: 1.2 and 1.3; 1 */
    bool verifies, sends_name;
    struct tls_ctx *ctx; /* of this level; made when first used */
};

/* Completes the way to a server of `host`: context, name. False: the material cannot be used, which
 * is logged. */
bool proxy_tls_way(struct visit *v, struct proxy_tls *t, struct slice host, struct client_way *way);

/* The same for nobody's request: a name that holds variables is `host`. */
bool proxy_tls_way_of(struct app_conf *conf, struct proxy_tls *t, struct slice host,
                      struct client_way *way);

#endif
