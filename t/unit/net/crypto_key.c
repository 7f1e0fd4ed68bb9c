/* Each scheme with a key of each kind: what was signed is verified, anything else is not. The
 * vectors of RFC 7515 and RFC 8037 are in t/50-crypto.t. */
#include "net/crypto_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "t/lib/certs.h"

static const char *const kinds[] = {"RSA", "P-256", "P-384", "P-521", "Ed25519"};

static EVP_PKEY *pkeys[ARRAY_LEN(kinds)];
static struct crypto_key *private[ARRAY_LEN(kinds)], *public[ARRAY_LEN(kinds)];

static struct crypto_key *read_back(EVP_PKEY *pkey, bool is_private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct crypto_key *key;
    char *p;
    long n;

    if (is_private)
        PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    else
        PEM_write_bio_PUBKEY(bio, pkey);
    n = BIO_get_mem_data(bio, &p);
    key = crypto_key_pem(slice_of(p, (size_t)n));
    BIO_free(bio);
    return key;
}

static int make_keys(void **state)
{
    UNUSED(state);
    pkeys[0] = EVP_RSA_gen(2048);
    for (size_t i = 1; i < 4; i++)
        pkeys[i] = EVP_EC_gen(kinds[i]);
    pkeys[4] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        private[i] = read_back(pkeys[i], true);
        public[i] = read_back(pkeys[i], false);
    }
    return 0;
}

static int free_keys(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        crypto_key_free(&private[i]);
        crypto_key_free(&public[i]);
        EVP_PKEY_free(pkeys[i]);
    }
    certs_free();
    return 0;
}

static void test_kinds(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        assert_string_equal(crypto_key_kind(private[i]), kinds[i]);
        assert_string_equal(crypto_key_kind(public[i]), kinds[i]);
        assert_true(crypto_key_is_private(private[i]));
        assert_false(crypto_key_is_private(public[i]));
    }
}

static void test_schemes(void **state)
{
    static const struct {
        const char *name, *kind;
        size_t size;
    } schemes[] = {
        {"RS256", "RSA", 256},    {"RS384", "RSA", 256},  {"RS512", "RSA", 256},
        {"PS256", "RSA", 256},    {"PS384", "RSA", 256},  {"PS512", "RSA", 256},
        {"ES256", "P-256", 64},   {"ES384", "P-384", 96}, {"ES512", "P-521", 132},
        {"EdDSA", "Ed25519", 64},
    };
    enum crypto_scheme scheme;

    UNUSED(state);
    assert_false(crypto_scheme_find(SLICE("HS256"), &scheme));
    assert_false(crypto_scheme_find(SLICE("none"), &scheme));
    for (size_t s = 0; s < ARRAY_LEN(schemes); s++) {
        assert_true(crypto_scheme_find(slice_str(schemes[s].name), &scheme));
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            bool fits = strcmp(schemes[s].kind, kinds[i]) == 0;
            struct buf sig = BUF_EMPTY;

            assert_int_equal(crypto_key_fits(public[i], scheme), fits);
            assert_int_equal(crypto_sign(private[i], scheme, SLICE("text"), &sig), fits);
            assert_int_equal(crypto_verify(public[i], scheme, SLICE("text"), buf_slice(&sig)),
                             fits);
            if (fits) {
                assert_int_equal(sig.n, schemes[s].size);
                assert_false(crypto_verify(public[i], scheme, SLICE("tex"), buf_slice(&sig)));
                assert_false(
                    crypto_verify(public[i], scheme, SLICE("text"), slice_of(sig.p, sig.n - 1)));
                sig.p[sig.n / 2] ^= 1;
                assert_false(crypto_verify(public[i], scheme, SLICE("text"), buf_slice(&sig)));
                assert_false(crypto_sign(public[i], scheme, SLICE("text"), &sig));
            }
            buf_free(&sig);
        }
    }
}

/* The numbers of a public key make the same key. */
static void test_numbers(void **state)
{
    enum crypto_scheme scheme = CRYPTO_RS256;
    BIGNUM *numbers[2] = {NULL, NULL};
    unsigned char a[256], b[256];
    struct buf sig = BUF_EMPTY;
    struct crypto_key *key;
    int n;

    UNUSED(state);
    assert_true(crypto_sign(private[0], scheme, SLICE("text"), &sig));
    EVP_PKEY_get_bn_param(pkeys[0], OSSL_PKEY_PARAM_RSA_N, &numbers[0]);
    EVP_PKEY_get_bn_param(pkeys[0], OSSL_PKEY_PARAM_RSA_E, &numbers[1]);
    n = BN_bn2bin(numbers[1], b);
    key = crypto_key_rsa(slice_of((char *)a, (size_t)BN_bn2bin(numbers[0], a)),
                         slice_of((char *)b, (size_t)n));
    assert_true(crypto_verify(key, scheme, SLICE("text"), buf_slice(&sig)));
    crypto_key_free(&key);
    assert_null(key);
    assert_null(crypto_key_rsa(slice_of((char *)a, 128), slice_of((char *)b, (size_t)n)));
    assert_null(crypto_key_rsa(slice_of((char *)a, 256), SLICE("123456789")));
    BN_free(numbers[0]);
    BN_free(numbers[1]);
    buf_free(&sig);
}

static void test_refused(void **state)
{
    static const struct slice zero = {
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0",
        32};
    EVP_PKEY *weak = EVP_RSA_gen(1024), *other = EVP_EC_gen("secp256k1");
    struct crypto_key *key;

    UNUSED(state);
    assert_null(read_back(weak, true));
    assert_null(read_back(other, false));
    assert_null(crypto_key_pem(SLICE_EMPTY));
    assert_null(
        crypto_key_pem(SLICE("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----")));
    assert_null(crypto_key_ec(SLICE("P-256"), zero, zero)); /* not on the curve */
    assert_null(crypto_key_ec(SLICE("P-256"), zero, SLICE("short")));
    assert_null(crypto_key_ec(SLICE("P-1"), zero, zero));
    assert_null(crypto_key_ed25519(SLICE("short")));
    key = crypto_key_pem(certs_get(CERT_SERVER).cert_pem);
    assert_non_null(key);
    assert_false(crypto_key_is_private(key));
    crypto_key_free(&key);
    crypto_key_free(&key);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
