/* OpenSSL writes signatures of elliptic curves as a sequence of DER, JOSE as two numbers of fixed
 * size one behind the other (RFC 7518 section 3.4): they are translated here. */
#include "net/crypto_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/mem.h"

enum { RSA_LEAST = 2048, PAIR_MOST = 132, DER_MOST = PAIR_MOST + 16 };

enum family { FAMILY_RSA, FAMILY_PSS, FAMILY_EC, FAMILY_ED };

static const struct curve {
    const char *name, *group;
    size_t size; /* bytes of one number */
} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

static const struct {
    const char *name;
    enum family family;
    const char *digest;
    const struct curve *curve;
} schemes[] = {
    [CRYPTO_RS256] = {"RS256", FAMILY_RSA, "SHA256", NULL},
    [CRYPTO_RS384] = {"RS384", FAMILY_RSA, "SHA384", NULL},
    [CRYPTO_RS512] = {"RS512", FAMILY_RSA, "SHA512", NULL},
    [CRYPTO_PS256] = {"PS256", FAMILY_PSS, "SHA256", NULL},
    [CRYPTO_PS384] = {"PS384", FAMILY_PSS, "SHA384", NULL},
    [CRYPTO_PS512] = {"PS512", FAMILY_PSS, "SHA512", NULL},
    [CRYPTO_ES256] = {"ES256", FAMILY_EC, "SHA256", &curves[0]},
    [CRYPTO_ES384] = {"ES384", FAMILY_EC, "SHA384", &curves[1]},
    [CRYPTO_ES512] = {"ES512", FAMILY_EC, "SHA512", &curves[2]},
    [CRYPTO_EDDSA] = {"EdDSA", FAMILY_ED, NULL, NULL},
};

struct crypto_key {
    EVP_PKEY *pkey;
    const struct curve *curve; /* NULL: none of a NIST curve */
    bool is_private;
};

bool crypto_scheme_find(struct slice name, enum crypto_scheme *scheme_out)
{
    for (unsigned i = 0; i < ARRAY_LEN(schemes); i++) {
        if (slice_eq(name, slice_str(schemes[i].name))) {
            *scheme_out = (enum crypto_scheme)i;
            return true;
        }
    }
    return false;
}

/* -------------------------------------------------------------------------------------------------
 * Making keys */

static const struct curve *curve_of(const EVP_PKEY *pkey)
{
    char group[64] = "";
    size_t n;

    EVP_PKEY_get_group_name(pkey, group, sizeof group, &n);
    for (unsigned i = 0; i < ARRAY_LEN(curves); i++) {
        if (strcmp(group, curves[i].group) == 0)
            return &curves[i];
    }
    return NULL;
}

/* Takes the library's key; NULL: there is none, or it is of a kind that nobody should use. */
static struct crypto_key *take(EVP_PKEY *pkey, bool is_private)
{
    struct crypto_key key = {.pkey = pkey, .is_private = is_private};
    struct crypto_key *own;
    bool is_good = false;

    ERR_clear_error();
    switch (pkey ? EVP_PKEY_get_base_id(pkey) : EVP_PKEY_NONE) {
    case EVP_PKEY_RSA:
        is_good = EVP_PKEY_get_bits(pkey) >= RSA_LEAST;
        break;
    case EVP_PKEY_EC:
        key.curve = curve_of(pkey);
        is_good = key.curve != NULL;
        break;
    case EVP_PKEY_ED25519:
        is_good = true;
        break;
    default:
        break;
    }
    if (!is_good) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    own = mem_alloc(sizeof *own);
    *own = key;
    return own;
}

static EVP_PKEY *key_of_certificate(BIO *in)
{
    X509 *cert = PEM_read_bio_X509(in, NULL, NULL, (void *)"");
    EVP_PKEY *pkey = cert ? X509_get_pubkey(cert) : NULL;

    X509_free(cert);
    return pkey;
}

/* A password is never asked for: the empty one is given. */
struct crypto_key *crypto_key_pem(struct slice pem)
{
    BIO *in = BIO_new_mem_buf(pem.p, (int)MIN(pem.n, (size_t)INT32_MAX));
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, (void *)"");
    bool is_private = pkey != NULL;

    if (!pkey && BIO_reset(in) == 1)
        pkey = PEM_read_bio_PUBKEY(in, NULL, NULL, (void *)"");
    if (!pkey && BIO_reset(in) == 1)
        pkey = key_of_certificate(in);
    BIO_free(in);
    return take(pkey, is_private);
}

/* A public key of the parameters that were collected. */
static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *collected)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(collected);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (params && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

struct crypto_key *crypto_key_rsa(struct slice modulus, struct slice exponent)
{
    OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
    BIGNUM *n, *e;
    EVP_PKEY *pkey;

    if (modulus.n > 2048 || exponent.n > 8) {
        OSSL_PARAM_BLD_free(params);
        return NULL;
    }
    n = BN_bin2bn((const unsigned char *)modulus.p, (int)modulus.n, NULL);
    e = BN_bin2bn((const unsigned char *)exponent.p, (int)exponent.n, NULL);
    OSSL_PARAM_BLD_push_BN(params, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(params, OSSL_PKEY_PARAM_RSA_E, e);
    pkey = from_parameters("RSA", params);
    OSSL_PARAM_BLD_free(params);
    BN_free(n);
    BN_free(e);
    return take(pkey, false);
}

struct crypto_key *crypto_key_ec(struct slice curve, struct slice x, struct slice y)
{
    unsigned char point[1 + PAIR_MOST] = {POINT_CONVERSION_UNCOMPRESSED};
    OSSL_PARAM_BLD *params;
    EVP_PKEY *pkey;

    for (unsigned i = 0; i < ARRAY_LEN(curves); i++) {
        size_t size = curves[i].size;

        if (!slice_eq(curve, slice_str(curves[i].name)) || x.n != size || y.n != size)
            continue;
        memcpy(point + 1, x.p, size);
        memcpy(point + 1 + size, y.p, size);
        params = OSSL_PARAM_BLD_new();
        OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0);
        OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size);
        pkey = from_parameters("EC", params);
        OSSL_PARAM_BLD_free(params);
        return take(pkey, false);
    }
    return NULL;
}

struct crypto_key *crypto_key_ed25519(struct slice x)
{
    const unsigned char *bytes = (const unsigned char *)x.p;

    return x.n == 32 ? take(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, 32), false)
                     : NULL;
}

void crypto_key_free(struct crypto_key **key)
{
    if (*key)
        EVP_PKEY_free((*key)->pkey);
    mem_free(*key);
    *key = NULL;
}

const char *crypto_key_kind(const struct crypto_key *key)
{
    if (key->curve)
        return key->curve->name;
    return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA ? "RSA" : "Ed25519";
}

bool crypto_key_is_private(const struct crypto_key *key)
{
    return key->is_private;
}

bool crypto_key_fits(const struct crypto_key *key, enum crypto_scheme scheme)
{
    int kind = EVP_PKEY_get_base_id(key->pkey);

    switch (schemes[scheme].family) {
    case FAMILY_RSA:
    case FAMILY_PSS:
        return kind == EVP_PKEY_RSA;
    case FAMILY_EC:
        return key->curve == schemes[scheme].curve;
    case FAMILY_ED:
        return kind == EVP_PKEY_ED25519;
    }
    return false;
}

/* -------------------------------------------------------------------------------------------------
 * Signatures */

/* A salt as long as the digest (RFC 7518 section 3.5). */
static bool set_padding(EVP_PKEY_CTX *ctx, enum crypto_scheme scheme)
{
    if (schemes[scheme].family != FAMILY_PSS)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool append_pair(const unsigned char *der, size_t n, size_t size, struct buf *out)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    unsigned char pair[PAIR_MOST];
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), pair, (int)size) > 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), pair + size, (int)size) > 0;

    ECDSA_SIG_free(sig);
    if (ok)
        buf_add(out, pair, 2 * size);
    return ok;
}

bool crypto_sign(const struct crypto_key *key, enum crypto_scheme scheme, struct slice text,
                 struct buf *out)
{
    const unsigned char *p = (const unsigned char *)text.p;
    EVP_PKEY_CTX *options = NULL;
    unsigned char *to;
    EVP_MD_CTX *ctx;
    size_t n = 0;
    bool ok;

    if (!key->is_private || !crypto_key_fits(key, scheme))
        return false;
    ctx = EVP_MD_CTX_new();
    ok = EVP_DigestSignInit_ex(ctx, &options, schemes[scheme].digest, NULL, NULL, key->pkey,
                               NULL) == 1 &&
         set_padding(options, scheme) && EVP_DigestSign(ctx, NULL, &n, p, text.n) == 1;
    if (ok) {
        to = mem_alloc(n);
        ok = EVP_DigestSign(ctx, to, &n, p, text.n) == 1;
        if (ok && key->curve)
            ok = append_pair(to, n, key->curve->size, out);
        else if (ok)
            buf_add(out, to, n);
        mem_free(to);
    }
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

/* A pair as DER; its length, 0 when it is none. */
static int der_of_pair(struct slice pair, size_t size, unsigned char der[DER_MOST])
{
    const unsigned char *p = (const unsigned char *)pair.p;
    ECDSA_SIG *sig;
    int n;

    if (pair.n != 2 * size)
        return 0;
    sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(p, (int)size, NULL), BN_bin2bn(p + size, (int)size, NULL));
    n = i2d_ECDSA_SIG(sig, &der); /* moves the pointer */
    ECDSA_SIG_free(sig);
    return n;
}

bool crypto_verify(const struct crypto_key *key, enum crypto_scheme scheme, struct slice text,
                   struct slice signature)
{
    const unsigned char *sig = (const unsigned char *)signature.p;
    unsigned char der[DER_MOST];
    EVP_PKEY_CTX *options = NULL;
    size_t n = signature.n;
    EVP_MD_CTX *ctx;
    bool ok;

    if (!crypto_key_fits(key, scheme))
        return false;
    if (key->curve) {
        n = (size_t)MAX(der_of_pair(signature, key->curve->size, der), 0);
        sig = der;
    }
    ctx = EVP_MD_CTX_new();
    ok = n > 0 &&
         EVP_DigestVerifyInit_ex(ctx, &options, schemes[scheme].digest, NULL, NULL, key->pkey,
                                 NULL) == 1 &&
         set_padding(options, scheme) &&
         EVP_DigestVerify(ctx, sig, n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}
