/* Ours hangs on the library's object and goes when that goes, so that one count serves both. */
#include "net/tls/tls_openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/check.h"
#include "base/mem.h"

static int slot = -1; /* process-wide: where an SSL_CTX keeps our object */

/* Called by OpenSSL when an SSL_CTX ends. */
static void free_ctx(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long l, void *arg)
{
    struct tls_ctx *c = ptr;

    UNUSED(parent);
    UNUSED(data);
    UNUSED(index);
    UNUSED(l);
    UNUSED(arg);
    if (!c)
        return;
    mem_free(c->alpn);
    mem_free(c->curves);
    for (unsigned i = 0; i < c->n_staples; i++)
        mem_free(c->staples[i].p);
    mem_free(c->staples);
    if (c->ticket_keys)
        OPENSSL_cleanse(c->ticket_keys, c->n_ticket_keys * sizeof(*c->ticket_keys));
    mem_free(c->ticket_keys);
    mem_free(c);
}

struct tls_ctx *tls_openssl_new(const SSL_METHOD *method)
{
    struct tls_ctx *c = mem_new(struct tls_ctx);

    ERR_clear_error();
    if (slot < 0)
        slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_ctx);
    c->ssl = SSL_CTX_new(method);
    CHECK(c->ssl && slot >= 0);
    SSL_CTX_set_ex_data(c->ssl, slot, c);
    return c;
}

struct tls_ctx *tls_openssl_ctx(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);
}

struct tls_versions tls_openssl_versions(unsigned wanted)
{
    static const struct {
        unsigned bit;
        int version;
        uint64_t without;
    } all[] = {{TLS_1_0, TLS1_VERSION, SSL_OP_NO_TLSv1},
               {TLS_1_1, TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
               {TLS_1_2, TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
               {TLS_1_3, TLS1_3_VERSION, SSL_OP_NO_TLSv1_3}};
    struct tls_versions v = {.without = 0};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (!(wanted & all[i].bit))
            v.without |= all[i].without;
        else if (!v.least)
            v.least = all[i].version;
    }
    v.is_old = v.least && v.least < TLS1_2_VERSION;
    return v;
}

int tls_openssl_accept_any(int is_good, X509_STORE_CTX *store)
{
    UNUSED(is_good);
    UNUSED(store);
    return 1;
}

void tls_openssl_append(BIO *bio, struct buf *out)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);

    buf_add(out, p, (size_t)n);
}
