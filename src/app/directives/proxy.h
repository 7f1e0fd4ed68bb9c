/* proxy_pass of http: what is left to do when all has been read, and what it and the Lua of its
 * handshakes ask of each other. */
#ifndef APP_DIRECTIVES_PROXY_H
#define APP_DIRECTIVES_PROXY_H

#include "app/conf.h"
#include "config/config_error.h"

struct apply;
struct proxy_conf;

/* Finds the groups that proxy_pass and grpc_pass name. */
bool directives_proxy_resolve(struct app_conf *conf, struct config_error *e);

/* Makes the context of TLS towards servers where some directive says what it is to be; what cannot
 * be used is an error at `node`. */
bool directives_proxy_tls(struct app_conf *conf, struct proxy_conf *c,
                          const struct config_node *node, struct config_error *e);

/* Lua that takes part in the handshakes with servers wants a proxy_pass that speaks TLS: false, and
 * an error, when the location has one that does not. For whichever of the two stands second. */
bool directives_proxy_check(struct apply *a, const struct config_node *node,
                            struct config_error *e);

/* A word and what it stands for; tables end with NULL. */
struct directives_proxy_bit {
    const char *word;
    unsigned bit;
};

/* The cases in which something else is tried. The first, "updating", is of kept answers alone. */
extern const struct directives_proxy_bit directives_proxy_next_bits[];

/* The arguments as bits, by the table that is `extra` of the directive. */
bool directives_proxy_bits(const struct config_node *node, unsigned *out, struct config_error *e);

/* As directive.apply, of proxy_pass, grpc_pass and fastcgi_pass: the location passes on to that
 * target. */
bool directives_proxy_pass(void *ctx, const struct config_node *node, struct config_error *e);

#endif
