/* PEM is read from memory only; files are read as a whole first, so that both have one path and one
 * wording. */
#include "net/tls/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "net/tls/tls_error.h"

enum { FILE_MOST = 1 << 20 };

static const struct err *fail(struct buf *why, const char *what)
{
    struct buf reason = BUF_EMPTY;

    (void)tls_error_take(&reason);
    if (why)
        buf_printf(why, reason.n ? "%s: %s" : "%s", what, buf_cstr(&reason));
    buf_free(&reason);
    return &err_tls_material;
}

static BIO *reader_of(struct slice pem)
{
    ERR_clear_error();
    return BIO_new_mem_buf(pem.p, (int)MIN(pem.n, (size_t)INT32_MAX));
}

/* Did reading stop because nothing more follows? */
static bool is_at_end(void)
{
    unsigned long code = ERR_peek_last_error();
    bool is_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;

    if (is_end)
        ERR_clear_error();
    return is_end;
}

const struct err *tls_pem_file(const char *path, struct buf *out, struct buf *why)
{
    const struct err *e = file_read(path, FILE_MOST, out);

    if (e && why)
        buf_printf(why, "cannot read \"%s\": %s", path, e->message);
    return e;
}

void tls_pem_free(struct tls_chain *chain)
{
    X509_free(chain->leaf);
    sk_X509_pop_free(chain->above, X509_free);
    EVP_PKEY_free(chain->key);
    *chain = (struct tls_chain){NULL, NULL, NULL};
}

const struct err *tls_pem_certificates(struct slice pem, struct tls_chain *out, struct buf *why)
{
    BIO *in = reader_of(pem);
    X509 *next;

    *out = (struct tls_chain){.above = sk_X509_new_null()};
    out->leaf = PEM_read_bio_X509_AUX(in, NULL, NULL, (void *)"");
    if (out->leaf)
        while ((next = PEM_read_bio_X509(in, NULL, NULL, (void *)"")) != NULL)
            sk_X509_push(out->above, next);
    BIO_free(in);
    if (out->leaf && is_at_end())
        return NULL;
    tls_pem_free(out);
    return fail(why, "no certificate could be read");
}

static int give_password(char *out, int size, int is_writing, void *user)
{
    const struct slice *word = user;

    UNUSED(is_writing);
    if (!word || word->n > (size_t)size)
        return -1;
    memcpy(out, word->p, word->n);
    return (int)word->n;
}

EVP_PKEY *tls_pem_key(struct slice pem, const struct slice *passwords, unsigned n, struct buf *why)
{
    EVP_PKEY *key = NULL;

    for (unsigned i = 0; !key && i < MAX(n, 1U); i++) {
        BIO *in = reader_of(pem);

        key = PEM_read_bio_PrivateKey(in, NULL, give_password,
                                      n ? (void *)(uintptr_t)&passwords[i] : NULL);
        BIO_free(in);
    }
    if (!key)
        (void)fail(why, "no private key could be read");
    ERR_clear_error();
    return key;
}

static const struct err *load_certificates(const struct tls_credential *c, struct tls_chain *out,
                                           struct buf *why)
{
    struct buf text = BUF_EMPTY;
    const struct err *e;

    if (!c->cert_file)
        return tls_pem_certificates(c->cert_pem, out, why);
    e = tls_pem_file(c->cert_file, &text, why);
    if (!e) {
        e = tls_pem_certificates(buf_slice(&text), out, why);
        if (e && why)
            buf_printf(why, " in \"%s\"", c->cert_file);
    }
    buf_free(&text);
    return e;
}

static const struct err *load_key(const struct tls_credential *c, struct tls_chain *out,
                                  struct buf *why)
{
    struct buf text = BUF_EMPTY;
    const struct err *e;

    if (!c->key_file) {
        out->key = tls_pem_key(c->key_pem, c->passwords, c->n_passwords, why);
        return out->key ? NULL : &err_tls_material;
    }
    e = tls_pem_file(c->key_file, &text, why);
    if (e)
        return e;
    out->key = tls_pem_key(buf_slice(&text), c->passwords, c->n_passwords, why);
    if (text.p)
        OPENSSL_cleanse(text.p, text.n);
    buf_free(&text);
    if (!out->key && why)
        buf_printf(why, " in \"%s\"", c->key_file);
    return out->key ? NULL : &err_tls_material;
}

const struct err *tls_pem_load(const struct tls_credential *c, struct tls_chain *out,
                               struct buf *why)
{
    const struct err *e;

    *out = (struct tls_chain){NULL, NULL, NULL};
    e = load_certificates(c, out, why);
    if (e)
        return e;
    e = load_key(c, out, why);
    if (!e && X509_check_private_key(out->leaf, out->key) != 1)
        e = fail(why, "the key does not belong to the certificate");
    if (e)
        tls_pem_free(out);
    return e;
}

const struct err *tls_pem_trust(struct slice pem, X509_STORE *store, STACK_OF(X509_NAME) * names,
                                struct buf *why)
{
    BIO *in = reader_of(pem);
    unsigned n = 0;
    X509 *x;

    while ((x = PEM_read_bio_X509(in, NULL, NULL, (void *)"")) != NULL) {
        n++;
        X509_STORE_add_cert(store, x);
        if (names)
            sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(x)));
        X509_free(x);
    }
    BIO_free(in);
    return n && is_at_end() ? NULL : fail(why, "no trusted certificates could be read");
}

const struct err *tls_pem_revocations(struct slice pem, X509_STORE *store, struct buf *why)
{
    BIO *in = reader_of(pem);
    unsigned n = 0;
    X509_CRL *crl;

    while ((crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) != NULL) {
        n++;
        X509_STORE_add_crl(store, crl);
        X509_CRL_free(crl);
    }
    BIO_free(in);
    if (!n || !is_at_end())
        return fail(why, "no revocation lists could be read");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return NULL;
}
