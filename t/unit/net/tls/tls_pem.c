/* Reading PEM: chains, keys with passwords, and what is refused. */
#include "net/tls/tls_pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/pem.h>

#include "net/tls/tls_error.h"
#include "t/lib/certs.h"

static void test_chain(void **state)
{
    struct buf text = BUF_EMPTY;
    struct tls_chain chain;

    UNUSED(state);
    buf_add_slice(&text, certs_get(CERT_SERVER).cert_pem);
    buf_add_slice(&text, certs_get(CERT_CA).cert_pem);
    assert_null(tls_pem_certificates(buf_slice(&text), &chain, NULL));
    assert_int_equal(sk_X509_num(chain.above), 1);
    assert_null(chain.key);
    tls_pem_free(&chain);
    buf_add_lit(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert_ptr_equal(tls_pem_certificates(buf_slice(&text), &chain, NULL), &err_tls_material);
    buf_free(&text);
}

static void encrypt_key(struct buf *out)
{
    EVP_PKEY *key = tls_pem_key(certs_get(CERT_SERVER).key_pem, NULL, 0, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    long n;

    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    n = BIO_get_mem_data(bio, &p);
    buf_add(out, p, (size_t)n);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static void test_passwords(void **state)
{
    const struct slice words[] = {SLICE("wrong"), SLICE("secret")};
    struct buf text = BUF_EMPTY, why = BUF_EMPTY;
    EVP_PKEY *key;

    UNUSED(state);
    encrypt_key(&text);
    assert_null(tls_pem_key(buf_slice(&text), NULL, 0, &why));
    assert_non_null(strstr(buf_cstr(&why), "private key"));
    assert_null(tls_pem_key(buf_slice(&text), words, 1, NULL));
    key = tls_pem_key(buf_slice(&text), words, 2, NULL);
    assert_non_null(key);
    EVP_PKEY_free(key);
    buf_free(&text);
    buf_free(&why);
}

static void test_stores(void **state)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();

    UNUSED(state);
    assert_null(tls_pem_trust(certs_get(CERT_CA).cert_pem, store, names, NULL));
    assert_int_equal(sk_X509_NAME_num(names), 1);
    assert_null(tls_pem_revocations(certs_revocations(), store, NULL));
    assert_non_null(tls_pem_revocations(certs_get(CERT_CA).cert_pem, store, NULL));
    assert_non_null(tls_pem_trust(SLICE("x"), store, NULL, NULL));
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    X509_STORE_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_stores),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    certs_free();
    return failed;
}
