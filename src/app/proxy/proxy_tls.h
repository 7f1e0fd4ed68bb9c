/* TLS towards servers: what proxy_ssl_* say, and the context that it makes: with the configuration,
 * by who may read what the workers may not.
 *
 * Lua may choose our certificate and judge the server's while the handshake is on
 * (proxy_ssl_certificate_by_lua, proxy_ssl_verify_by_lua). It works for one request; a connection
 * in which it took part serves that request only. */
#ifndef APP_PROXY_PROXY_TLS_H
#define APP_PROXY_PROXY_TLS_H

#include "app/tls/tls_conf.h"
#include "http/client/client_dial.h"

struct lua_code;
struct visit;

/* Part of a location's proxy settings; files are paths in the configuration's pool. */
struct proxy_tls {
    const struct location *owner;        /* the level that says it; NULL: none does */
    struct tls_name cert, key;           /* without a path: none */
    const char *trusted, *crl, *ciphers; /* NULL: none, the library's */
    struct script *name;                 /* NULL: $proxy_host */
    struct slice *passwords;             /* of the key, tried one after another */
    unsigned n_passwords;
    const struct log_sink *key_log;     /* secrets of connections; NULL: nowhere */
    struct tls_command *commands;       /* proxy_ssl_conf_command */
    unsigned n_commands, commands_size; /* the size is 0 when the list is the parent's */
    struct tls_cache *cache;            /* of certificates named by variables; NULL: none */
    unsigned protocols, depth;          /* 0: 1.2 and 1.3; the least value: 1 */
    const struct lua_code *certificate_by_lua, *verify_by_lua; /* NULL: none */
    bool verifies, sends_name, keeps_sessions;
    bool skips_own_judgement; /* verify_by_lua alone decides */
    struct tls_ctx **ctx;     /* of the owner, and of levels below it that say nothing else */
};

/* The settings of the level whose `c` is to write to, which then has a context of its own. */
struct proxy_tls *proxy_tls_own(struct app_conf *conf, struct proxy_conf *c);

/* Makes the context, unless it is there. An error has a text in `why`. */
const struct err *proxy_tls_build(struct app_conf *conf, struct proxy_tls *t,
                                  struct buf *why) MUST_USE;

/* Completes the way to a server of `host`: context, name. False: the material cannot be used, which
 * is logged. */
bool proxy_tls_way(struct visit *v, struct proxy_tls *t, struct slice host, struct client_way *way);

/* What Lua was doing when a handshake on that way was last given up, or is; NULL: nothing. */
const char *proxy_tls_doing(const struct client_way *way);

/* proxy_tls_way for nobody's request: a name that holds variables is `host`. */
bool proxy_tls_way_of(struct app_conf *conf, struct proxy_tls *t, struct slice host,
                      struct client_way *way);

#endif
