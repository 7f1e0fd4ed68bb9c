/* A vector of the specification of GCM, and every byte of a sealed text changed. */
#include "net/crypto_seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const unsigned char key[CRYPTO_SEAL_KEY + 1] = "012345678901234567890123456789012";

/* Test case 14: a key, nonce and block of zeros. */
static void test_vector(void **state)
{
    static const unsigned char zero[CRYPTO_SEAL_KEY];
    struct slice sealed = SLICE("\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\xce\xa7\x40\x3d\x4d\x60\x6b\x6e\x07\x4e\xc5\xd3\xba\xf3\x9d\x18"
                                "\xd0\xd1\xc8\xa7\x99\x99\x6b\xf0\x26\x5b\x98\xb5\xd4\x8a\xb9\x19");
    struct buf out = BUF_EMPTY;

    UNUSED(state);
    assert_true(crypto_unseal(zero, SLICE_EMPTY, sealed, &out));
    assert_int_equal(out.n, 16);
    assert_memory_equal(out.p, zero, 16);
    buf_free(&out);
}

static void test_round_trip(void **state)
{
    static const struct slice texts[] = {{"", 0}, {"x", 1}, {"a text of more than sixteen", 27}};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct buf sealed = BUF_EMPTY, out = BUF_EMPTY;

        buf_add_lit(&out, "before");
        crypto_seal(key, SLICE("for"), texts[i], &sealed);
        assert_int_equal(sealed.n, texts[i].n + CRYPTO_SEAL_NONCE + CRYPTO_SEAL_TAG);
        assert_true(crypto_unseal(key, SLICE("for"), buf_slice(&sealed), &out));
        assert_int_equal(out.n, 6 + texts[i].n);
        assert_memory_equal(out.p + 6, texts[i].p, texts[i].n);
        assert_false(crypto_unseal(key, SLICE("of"), buf_slice(&sealed), &out));
        assert_false(crypto_unseal(key + 1, SLICE("for"), buf_slice(&sealed), &out));
        assert_int_equal(out.n, 6 + texts[i].n);
        buf_free(&sealed);
        buf_free(&out);
    }
}

static void test_changed(void **state)
{
    struct buf sealed = BUF_EMPTY, out = BUF_EMPTY;

    UNUSED(state);
    crypto_seal(key, SLICE_EMPTY, SLICE("a text"), &sealed);
    for (size_t i = 0; i < sealed.n; i++) {
        sealed.p[i] ^= 1;
        assert_false(crypto_unseal(key, SLICE_EMPTY, buf_slice(&sealed), &out));
        sealed.p[i] ^= 1;
        assert_false(crypto_unseal(key, SLICE_EMPTY, slice_of(sealed.p, i), &out));
    }
    assert_true(crypto_unseal(key, SLICE_EMPTY, buf_slice(&sealed), &out));
    buf_free(&sealed);
    buf_free(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
