/* What a location says about the connections that its Lua makes: the lua_socket_* and lua_ssl_*
 * directives. */
#ifndef APP_SOCKET_CONF_H
#define APP_SOCKET_CONF_H

#include "base/base.h"

struct log_sink;
struct tls_command;
struct tls_ctx;

/* lua_ssl_conf_command; owned by one level, and used by those below it that say nothing. */
struct socket_commands {
    const void *owner;
    struct tls_command *all;
    unsigned n, room;
};

/* What lua_ssl_* make; owned by one level, and used by those below it that say nothing. */
struct socket_tls {
    const void *owner;
    struct tls_ctx *ctx;
};

struct socket_conf {
    uint64_t connect_timeout, send_timeout, read_timeout, keepalive_timeout; /* ms */
    size_t buffer_size;
    unsigned pool_size; /* idle connections to one peer */
    bool log_errors;
    /* TLS, lua_ssl_*; paths are whole, NULL: not given */
    const char *trusted, *crl, *ciphers, *certificate, *certificate_key;
    unsigned protocols; /* TLS_1_2 | …; 0: the default */
    unsigned depth;
    struct socket_commands *commands; /* NULL: none */
    const struct log_sink *key_log;   /* NULL: none */
    struct socket_tls *tls;           /* NULL: nobody has said anything */
};

#define SOCKET_CONF_DEFAULT                                                                        \
    ((struct socket_conf){.connect_timeout = 60000,                                                \
                          .send_timeout = 60000,                                                   \
                          .read_timeout = 60000,                                                   \
                          .keepalive_timeout = 60000,                                              \
                          .buffer_size = 4096,                                                     \
                          .pool_size = 30,                                                         \
                          .depth = 1,                                                              \
                          .log_errors = true})

#endif
