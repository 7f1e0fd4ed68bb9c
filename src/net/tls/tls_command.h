/* Settings of the library by its own names: "MinProtocol" "TLSv1.2" (SSL_CONF_cmd(3)). */
#ifndef NET_TLS_COMMAND_H
#define NET_TLS_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

struct ssl_ctx_st;

enum tls_role { TLS_ROLE_SERVER, TLS_ROLE_CLIENT };

struct tls_command {
    const char *name, *value;
};

/* Would it be obeyed? err_tls_material, and why, when not. */
const struct err *tls_command_check(const struct tls_command *c, enum tls_role role,
                                    struct buf *why) MUST_USE;

/* Is the value of such a command the path of a file or directory? */
bool tls_command_takes_path(const char *name);

/* Obeys `n` commands; `why` may be NULL. Internal to TLS. */
const struct err *tls_command_apply(struct ssl_ctx_st *ssl, const struct tls_command *all,
                                    unsigned n, enum tls_role role, struct buf *why) MUST_USE;

#endif
