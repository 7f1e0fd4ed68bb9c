/* X.509 version 3 (RFC 5280). A certificate that is not an authority's is good for servers and
 * clients alike. */
#include "net/tls/tls_make.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "base/rand.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"
#include "net/tls/tls_pem.h"

enum { HOUR = 3600, YEAR = 365 * 24 * HOUR };

static EVP_PKEY *new_key(enum tls_key kind)
{
    return kind == TLS_KEY_RSA_2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static bool set_serial(X509 *x, uint64_t serial)
{
    if (!serial)
        serial = rand_u64() >> 2 | 1;
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial) == 1;
}

static bool set_times(X509 *x, const struct tls_make_options *o)
{
    bool is_usual = !o->starts_in && !o->ends_in;

    return X509_gmtime_adj(X509_getm_notBefore(x), is_usual ? -HOUR : (long)o->starts_in) &&
           X509_gmtime_adj(X509_getm_notAfter(x), is_usual ? YEAR : (long)o->ends_in);
}

static bool set_subject(X509 *x, struct slice name)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)name.p, (int)name.n, -1, 0) == 1;
}

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *e;
    X509V3_CTX ctx;
    bool is_fine;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    is_fine = e && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return is_fine;
}

static bool add_names(X509 *x, const struct tls_make_options *o)
{
    struct buf text = BUF_EMPTY;
    bool is_fine = true;

    for (unsigned i = 0; i < o->n_names; i++) {
        char *name = mem_strdup(o->names[i]);
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);

        is_fine = is_fine && strpbrk(name, ",\r\n") == NULL;
        buf_printf(&text, "%s%s:%s", i ? "," : "", address ? "IP" : "DNS", name);
        ASN1_OCTET_STRING_free(address);
        mem_free(name);
    }
    if (o->n_names)
        is_fine = is_fine && extend(x, x, NID_subject_alt_name, buf_cstr(&text));
    buf_free(&text);
    return is_fine;
}

static bool add_extensions(X509 *x, X509 *issuer, const struct tls_make_options *o)
{
    struct buf text = BUF_EMPTY;
    bool is_fine =
        extend(x, issuer, NID_basic_constraints, o->is_ca ? "critical,CA:TRUE" : "CA:FALSE") &&
        extend(x, issuer, NID_key_usage,
               o->is_ca ? "critical,keyCertSign,cRLSign,digitalSignature"
                        : "critical,digitalSignature,keyEncipherment") &&
        extend(x, issuer, NID_subject_key_identifier, "hash") &&
        (issuer == x || extend(x, issuer, NID_authority_key_identifier, "keyid")) &&
        add_names(x, o);

    if (is_fine && !o->is_ca)
        is_fine = extend(x, issuer, NID_ext_key_usage, "serverAuth,clientAuth,OCSPSigning");
    if (is_fine && o->ocsp_url.n) {
        buf_printf(&text, "OCSP;URI:" SLICE_FMT, SLICE_ARG(o->ocsp_url));
        is_fine = extend(x, issuer, NID_info_access, buf_cstr(&text));
    }
    buf_free(&text);
    return is_fine;
}

static const struct err *load_issuer(const struct tls_make_options *o, struct tls_chain *issuer)
{
    const struct tls_credential c = {.cert_pem = o->issuer_cert, .key_pem = o->issuer_key};

    *issuer = (struct tls_chain){NULL, NULL, NULL};
    return o->issuer_cert.n ? tls_pem_load(&c, issuer, NULL) : NULL;
}

static bool fill(X509 *x, EVP_PKEY *key, const struct tls_chain *issuer,
                 const struct tls_make_options *o)
{
    X509 *above = issuer->leaf ? issuer->leaf : x;

    return x && key && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, o->serial) &&
           set_times(x, o) && set_subject(x, o->common_name) &&
           X509_set_issuer_name(x, X509_get_subject_name(above)) == 1 &&
           X509_set_pubkey(x, key) == 1 && add_extensions(x, above, o) &&
           X509_sign(x, issuer->key ? issuer->key : key, EVP_sha256()) > 0;
}

const struct err *tls_make_certificate(const struct tls_make_options *o, struct buf *cert_pem,
                                       struct buf *key_pem)
{
    struct tls_chain issuer;
    const struct err *e = load_issuer(o, &issuer);
    BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_secmem());
    EVP_PKEY *key = e ? NULL : new_key(o->key);
    X509 *x = e ? NULL : X509_new();

    if (!e && fill(x, key, &issuer, o) && PEM_write_bio_X509(cert_out, x) == 1 &&
        PEM_write_bio_PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) == 1) {
        tls_openssl_append(cert_out, cert_pem);
        tls_openssl_append(key_out, key_pem);
    } else if (!e) {
        (void)tls_error_take(NULL);
        e = &err_invalid;
    }
    X509_free(x);
    EVP_PKEY_free(key);
    tls_pem_free(&issuer);
    BIO_free(cert_out);
    BIO_free(key_out);
    return e;
}

static bool revoke(X509_CRL *crl, uint64_t serial)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -HOUR);
    bool is_fine = r && number && now && ASN1_INTEGER_set_uint64(number, serial) == 1 &&
                   X509_REVOKED_set_serialNumber(r, number) == 1 &&
                   X509_REVOKED_set_revocationDate(r, now) == 1 &&
                   X509_CRL_add0_revoked(crl, r) == 1;

    ASN1_INTEGER_free(number);
    ASN1_TIME_free(now);
    if (!is_fine)
        X509_REVOKED_free(r);
    return is_fine;
}

static bool fill_crl(X509_CRL *crl, const struct tls_chain *issuer, const uint64_t *serials,
                     unsigned n)
{
    ASN1_TIME *last = X509_gmtime_adj(NULL, -HOUR), *next = X509_gmtime_adj(NULL, YEAR);
    bool is_fine = X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                   X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->leaf)) == 1 &&
                   X509_CRL_set1_lastUpdate(crl, last) == 1 &&
                   X509_CRL_set1_nextUpdate(crl, next) == 1;

    for (unsigned i = 0; is_fine && i < n; i++)
        is_fine = revoke(crl, serials[i]);
    ASN1_TIME_free(last);
    ASN1_TIME_free(next);
    return is_fine && X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0;
}

const struct err *tls_make_revocations(struct slice issuer_cert, struct slice issuer_key,
                                       const uint64_t *serials, unsigned n, struct buf *pem)
{
    const struct tls_make_options o = {.issuer_cert = issuer_cert, .issuer_key = issuer_key};
    struct tls_chain issuer;
    const struct err *e = load_issuer(&o, &issuer);
    X509_CRL *crl = X509_CRL_new();
    BIO *out = BIO_new(BIO_s_mem());

    if (!e && fill_crl(crl, &issuer, serials, n) && PEM_write_bio_X509_CRL(out, crl) == 1) {
        tls_openssl_append(out, pem);
    } else if (!e) {
        (void)tls_error_take(NULL);
        e = &err_invalid;
    }
    X509_CRL_free(crl);
    tls_pem_free(&issuer);
    BIO_free(out);
    return e;
}
