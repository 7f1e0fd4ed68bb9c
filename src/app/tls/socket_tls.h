/* TLS of the connections that Lua makes with ngx.socket: a context for each level that lua_ssl_*
 * say something about, made with the configuration. So workers need not be able to read keys, and a
 * file that cannot be used is told before they start. */
#ifndef APP_TLS_SOCKET_TLS_H
#define APP_TLS_SOCKET_TLS_H

#include "base/err.h"
#include "net/tls/tls_ctx.h"

struct app_conf;
struct location;
struct socket_conf;

/* Makes a context by those settings, with the certificate `cert` in place of theirs (NULL: theirs);
 * one reference. An error has a text in `why`. */
const struct err *socket_tls_new(const struct socket_conf *c, const struct tls_credential *cert,
                                 struct buf *why, struct tls_ctx **out) MUST_USE;

/* Some directive of the level says something: it gets a context of its own at its end. */
void socket_tls_own(struct app_conf *conf, struct location *l);

/* The end of a level: makes its context. A certificate without a key is wrong in a server or below
 * it; at the top (is_top) no context is made then, as each server may name the key. False: it
 * cannot be made, `why` says for what reason. */
bool socket_tls_end(struct app_conf *conf, struct location *l, bool is_top,
                    struct buf *why) MUST_USE;

#endif
