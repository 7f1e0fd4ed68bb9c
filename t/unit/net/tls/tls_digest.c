/* Vectors of RFC 1321, RFC 3174 and RFC 2202. */
#include "net/tls/tls_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void assert_hex(const unsigned char *digest, size_t n, const char *expected)
{
    char text[2 * TLS_DIGEST_SHA256 + 1] = "";

    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, expected);
}

static void test_sha256(void **state)
{
    unsigned char out[TLS_DIGEST_SHA256];

    UNUSED(state);
    tls_digest_sha256("abc", 3, out);
    assert_hex(out, TLS_DIGEST_SHA256,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_digests(void **state)
{
    static const struct {
        const char *text, *md5, *sha1;
    } cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0",
         "c12252ceda8be8994d5fa0290a47231c1d16aae3"},
    };
    unsigned char out[TLS_DIGEST_SHA1];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = strlen(cases[i].text);

        tls_digest_md5(cases[i].text, n, out);
        assert_hex(out, TLS_DIGEST_MD5, cases[i].md5);
        tls_digest_sha1(cases[i].text, n, out);
        assert_hex(out, TLS_DIGEST_SHA1, cases[i].sha1);
    }
}

static void test_hmac(void **state)
{
    static const struct {
        const char *key, *text, *digest;
    } cases[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
         "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
        {"Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    };
    unsigned char out[TLS_DIGEST_SHA1];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tls_digest_hmac_sha1(cases[i].key, strlen(cases[i].key), cases[i].text,
                             strlen(cases[i].text), out);
        assert_hex(out, TLS_DIGEST_SHA1, cases[i].digest);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_hmac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
