/* A response is believed when it was signed by the issuer itself, or by a certificate in it that
 * the issuer has signed for this purpose: the issuer is the only one trusted, and need not be a
 * root. Clocks may differ by five minutes. */
#include "net/tls/tls_ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_openssl.h"

enum { CLOCKS_MAY_DIFFER = 300 };

struct pair {
    X509 *leaf, *issuer;
};

/* Ours, and the library's reason where it has one. */
static const struct err *fail(struct buf *why, const char *what)
{
    struct buf reason = BUF_EMPTY;

    (void)tls_error_take(&reason);
    buf_printf(why, "%s%s", what, reason.n ? ": " : "");
    buf_add_slice(why, buf_slice(&reason));
    buf_free(&reason);
    return &err_tls_material;
}

static void free_pair(struct pair *p)
{
    X509_free(p->leaf);
    X509_free(p->issuer);
}

/* The certificate, and where its issuer stands. */
static const struct err *read_leaf(struct slice *chain, struct pair *out, struct buf *why)
{
    const unsigned char *p = (const unsigned char *)chain->p;

    ERR_clear_error();
    *out = (struct pair){d2i_X509(NULL, &p, (long)chain->n), NULL};
    if (!out->leaf)
        return fail(why, "d2i_X509_bio() failed");
    *chain = slice_from(*chain, (size_t)((const char *)p - chain->p));
    return NULL;
}

static const struct err *read_issuer(struct slice chain, struct pair *p, struct buf *why)
{
    const unsigned char *at = (const unsigned char *)chain.p;
    const char *what = NULL;

    if (!chain.n)
        what = "no issuer certificate in chain";
    else if (!(p->issuer = d2i_X509(NULL, &at, (long)chain.n)))
        what = "d2i_X509_bio() failed";
    else if (X509_check_issued(p->issuer, p->leaf) != X509_V_OK)
        what = "issuer certificate not next to leaf";
    return what ? fail(why, what) : NULL;
}

static const struct err *read_pair(struct slice chain, struct pair *out, struct buf *why)
{
    const struct err *e = read_leaf(&chain, out, why);

    if (!e)
        e = read_issuer(chain, out, why);
    if (e)
        free_pair(out);
    return e;
}

/* Whether the issuer follows matters only to a certificate that names a responder. */
const struct err *tls_ocsp_responder(struct slice chain, struct buf *out, struct buf *why)
{
    struct pair p;
    const struct err *e = read_leaf(&chain, &p, why);
    STACK_OF(OPENSSL_STRING) * urls;

    if (e)
        return e;
    urls = X509_get1_ocsp(p.leaf);
    if (urls && sk_OPENSSL_STRING_num(urls) > 0) {
        e = read_issuer(chain, &p, why);
        if (!e)
            buf_add_slice(out, slice_str(sk_OPENSSL_STRING_value(urls, 0)));
    }
    X509_email_free(urls);
    free_pair(&p);
    return e;
}

/* The certificate's name in requests and responses, with the hash that all responders know. */
static OCSP_CERTID *name_of(const struct pair *p)
{
    OCSP_CERTID *id = OCSP_cert_to_id(NULL, p->leaf, p->issuer);

    CHECK(id);
    return id;
}

const struct err *tls_ocsp_request(struct slice chain, struct buf *out, struct buf *why)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    unsigned char *der = NULL;
    struct pair p;
    const struct err *e = read_pair(chain, &p, why);
    int n;

    CHECK(request);
    if (!e) {
        CHECK(OCSP_request_add0_id(request, name_of(&p)));
        n = i2d_OCSP_REQUEST(request, &der);
        CHECK(n > 0);
        buf_add(out, der, (size_t)n);
        OPENSSL_free(der);
        free_pair(&p);
    }
    OCSP_REQUEST_free(request);
    return e;
}

static bool is_signed_for(OCSP_BASICRESP *basic, const struct pair *p)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *issuers = sk_X509_new_null();
    bool ok;

    CHECK(store && issuers && sk_X509_push(issuers, p->issuer));
    X509_STORE_add_cert(store, p->issuer);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    ok = OCSP_basic_verify(basic, issuers, store, OCSP_TRUSTOTHER) == 1;
    sk_X509_free(issuers);
    X509_STORE_free(store);
    return ok;
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool ok = t && epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

    ASN1_TIME_free(epoch);
    return ok ? (int64_t)days * 86400 + seconds : 0;
}

static const struct err *check_status(OCSP_BASICRESP *basic, const struct pair *p,
                                      int64_t *next_out, struct buf *why)
{
    ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
    OCSP_CERTID *id = name_of(p);
    int status = 0;
    bool is_there = OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &until) == 1;

    OCSP_CERTID_free(id);
    if (!is_there)
        return fail(why, "certificate status not found in the OCSP response");
    if (status != V_OCSP_CERTSTATUS_GOOD) {
        buf_printf(why, "certificate status \"%s\" in the OCSP response",
                   OCSP_cert_status_str(status));
        return &err_tls_material;
    }
    if (OCSP_check_validity(from, until, CLOCKS_MAY_DIFFER, -1) != 1)
        return fail(why, "OCSP_check_validity() failed");
    *next_out = seconds_of(until);
    return NULL;
}

static const struct err *check_basic(OCSP_BASICRESP *basic, struct slice chain, int64_t *next_out,
                                     struct buf *why)
{
    struct pair p;
    const struct err *e = read_pair(chain, &p, why);

    if (e)
        return e;
    e = is_signed_for(basic, &p) ? check_status(basic, &p, next_out, why)
                                 : fail(why, "OCSP_basic_verify() failed");
    free_pair(&p);
    return e;
}

static const struct err *check_response(OCSP_RESPONSE *response, struct slice chain,
                                        int64_t *next_out, struct buf *why)
{
    int status = OCSP_response_status(response);
    OCSP_BASICRESP *basic;
    const struct err *e;

    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        buf_printf(why, "OCSP response not successful (%d: %s)", status,
                   OCSP_response_status_str(status));
        return &err_tls_material;
    }
    basic = OCSP_response_get1_basic(response);
    e = basic ? check_basic(basic, chain, next_out, why)
              : fail(why, "OCSP_response_get1_basic() failed");
    OCSP_BASICRESP_free(basic);
    return e;
}

static OCSP_RESPONSE *read_response(struct slice response)
{
    const unsigned char *p = (const unsigned char *)response.p;

    ERR_clear_error();
    return d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
}

const struct err *tls_ocsp_check(struct slice response, struct slice chain, int64_t *next_out,
                                 struct buf *why)
{
    OCSP_RESPONSE *r = read_response(response);
    const struct err *e;

    *next_out = 0;
    e = r ? check_response(r, chain, next_out, why) : fail(why, "d2i_OCSP_RESPONSE() failed");
    OCSP_RESPONSE_free(r);
    return e;
}

bool tls_ocsp_is_response(struct slice response)
{
    OCSP_RESPONSE *r = read_response(response);

    OCSP_RESPONSE_free(r);
    return r;
}

bool tls_ocsp_staple(struct stream *s, struct slice response)
{
    SSL *ssl = tls_ssl(s);
    void *copy;

    if (SSL_get_tlsext_status_type(ssl) != TLSEXT_STATUSTYPE_ocsp)
        return false;
    copy = OPENSSL_memdup(response.p, response.n); /* the library frees what it is given */
    CHECK(copy);
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)response.n);
    return true;
}
