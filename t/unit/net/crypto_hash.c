/* Vectors of FIPS 180, RFC 1321, RFC 4231 and RFC 5869. */
#include "net/crypto_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/encode.h"

static void assert_hex(const unsigned char *bytes, size_t n, const char *expected)
{
    struct buf text = BUF_EMPTY;

    encode_hex(&text, slice_of((const char *)bytes, n));
    assert_string_equal(buf_cstr(&text), expected);
    buf_free(&text);
}

static void test_hashes(void **state)
{
    static const struct {
        const char *name, *digest;
    } cases[] = {
        {"md5", "900150983cd24fb0d6963f7d28e17f72"},
        {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                   "8086072ba1e7cc2358baeca134c825a7"},
        {"sha512", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                   "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    unsigned char out[CRYPTO_HASH_MOST];
    enum crypto_hash hash;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(crypto_hash_find(slice_str(cases[i].name), &hash));
        assert_hex(out, crypto_hash(hash, SLICE("abc"), out), cases[i].digest);
    }
    assert_false(crypto_hash_find(SLICE("sha"), &hash));
    assert_hex(out, crypto_hash(CRYPTO_MD5, SLICE_EMPTY, out), "d41d8cd98f00b204e9800998ecf8427e");
}

static void test_hmac(void **state)
{
    unsigned char out[CRYPTO_HASH_MOST];
    char key[131];

    UNUSED(state);
    assert_hex(
        out, crypto_hmac(CRYPTO_SHA256, SLICE("Jefe"), SLICE("what do ya want for nothing?"), out),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_hex(out,
               crypto_hmac(CRYPTO_SHA256, slice_of(key, sizeof key),
                           SLICE("Test Using Larger Than Block-Size Key - Hash Key First"), out),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_hex(out, crypto_hmac(CRYPTO_SHA256, SLICE_EMPTY, SLICE_EMPTY, out),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hkdf(void **state)
{
    unsigned char out[42];
    char secret[22];

    UNUSED(state);
    memset(secret, 0x0b, sizeof secret);
    crypto_hkdf(CRYPTO_SHA256, slice_of(secret, sizeof secret),
                SLICE("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"),
                SLICE("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9"), out, sizeof out);
    assert_hex(out, sizeof out,
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
               "87185865");
    crypto_hkdf(CRYPTO_SHA256, slice_of(secret, sizeof secret), SLICE_EMPTY, SLICE_EMPTY, out,
                sizeof out);
    assert_hex(out, sizeof out,
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4"
               "b61a96c8");
}

static void test_equals(void **state)
{
    UNUSED(state);
    assert_true(crypto_equals(SLICE("abc"), SLICE("abc")));
    assert_true(crypto_equals(SLICE_EMPTY, SLICE_EMPTY));
    assert_false(crypto_equals(SLICE("abc"), SLICE("abd")));
    assert_false(crypto_equals(SLICE("abc"), SLICE("ab")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_hkdf),
        cmocka_unit_test(test_equals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
