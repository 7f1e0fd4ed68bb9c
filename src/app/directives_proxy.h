/* What proxy_pass and the Lua of its handshakes ask of each other. */
#ifndef APP_DIRECTIVES_PROXY_H
#define APP_DIRECTIVES_PROXY_H

#include "app/directives.h"

/* Lua that takes part in the handshakes with servers wants a proxy_pass that speaks TLS: false, and
 * an error, when the location has one that does not. For whichever of the two stands second. */
bool directives_proxy_check(struct apply *a, const struct config_node *node,
                            struct config_error *e);

#endif
