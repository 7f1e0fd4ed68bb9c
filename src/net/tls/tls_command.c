/* The library reads the commands; here is only what surrounds them. */
#include "net/tls/tls_command.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "net/tls/tls_error.h"

static SSL_CONF_CTX *begin(SSL_CTX *ssl, enum tls_role role)
{
    SSL_CONF_CTX *conf = SSL_CONF_CTX_new();
    unsigned of_role = role == TLS_ROLE_CLIENT ? SSL_CONF_FLAG_CLIENT : SSL_CONF_FLAG_SERVER;

    CHECK(conf);
    SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CERTIFICATE |
                                     SSL_CONF_FLAG_SHOW_ERRORS | of_role);
    if (ssl)
        SSL_CONF_CTX_set_ssl_ctx(conf, ssl);
    return conf;
}

static const struct err *fail(const struct tls_command *c, struct buf *why)
{
    if (why)
        buf_printf(why, "SSL_CONF_cmd(\"%s\", \"%s\") failed: ", c->name, c->value);
    (void)tls_error_take(why);
    return &err_tls_material;
}

const struct err *tls_command_apply(SSL_CTX *ssl, const struct tls_command *all, unsigned n,
                                    enum tls_role role, struct buf *why)
{
    const struct err *e = NULL;
    SSL_CONF_CTX *conf;

    if (!n)
        return NULL;
    ERR_clear_error();
    conf = begin(ssl, role);
    for (unsigned i = 0; !e && i < n; i++)
        if (SSL_CONF_cmd(conf, all[i].name, all[i].value) <= 0)
            e = fail(&all[i], why);
    if (!e && SSL_CONF_CTX_finish(conf) != 1)
        e = fail(&all[n - 1], why);
    SSL_CONF_CTX_free(conf);
    return e;
}

const struct err *tls_command_check(const struct tls_command *c, enum tls_role role,
                                    struct buf *why)
{
    SSL_CTX *ssl = SSL_CTX_new(role == TLS_ROLE_CLIENT ? TLS_client_method() : TLS_server_method());
    const struct err *e;

    CHECK(ssl);
    e = tls_command_apply(ssl, c, 1, role, why);
    SSL_CTX_free(ssl);
    return e;
}

bool tls_command_takes_path(const char *name)
{
    SSL_CONF_CTX *conf = begin(NULL, TLS_ROLE_SERVER);
    int type = SSL_CONF_cmd_value_type(conf, name);

    SSL_CONF_CTX_free(conf);
    return type == SSL_CONF_TYPE_FILE || type == SSL_CONF_TYPE_DIR;
}
