/* What the configuration has to say to a TLS handshake: which server by the name that the client
 * asks for. */
#ifndef APP_TLS_TLS_HANDSHAKE_H
#define APP_TLS_TLS_HANDSHAKE_H

#include "net/tls/tls_ctx.h"

/* Of all contexts of configured servers. */
extern const struct tls_hooks tls_handshake_hooks;

#endif
