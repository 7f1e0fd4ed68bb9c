/* The same password as each scheme stores it; the values are of openssl passwd, htpasswd and
 * crypt(3). */
#include "net/crypto_password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const stored[] = {
    "{PLAIN}secret",
    "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
    "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
    "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq."
    "H91p5hVO1",
    "$2y$05$9wpE.VXiSTCR3BsyHLOthetRN0/kKLFsWuBQVRou/cFy9IIqL2ps2",
    "$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01",
    "abNANd1rDfiNc",
};

static void the_password_belongs_and_no_other_does(void **state)
{
    static const char *const others[] = {"", "secre", "secrets", "Secret", "secret\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
        if (!crypto_password_is(SLICE("secret"), slice_str(stored[i])))
            fail_msg("not for %s", stored[i]);
        for (size_t k = 0; k < ARRAY_LEN(others); k++)
            if (crypto_password_is(slice_str(others[k]), slice_str(stored[i])))
                fail_msg("\"%s\" for %s", others[k], stored[i]);
        assert_false(crypto_password_is(SLICE("secret\0x"), slice_str(stored[i])));
    }
}

static void apr1_knows_every_length(void **state)
{
    (void)state;
    assert_true(crypto_password_is(SLICE(""), SLICE("$apr1$abcdefgh$L.PT565ESX4Tp2bqNs7Ie.")));
    assert_true(crypto_password_is(SLICE("a-very-long-password-of-more-than-sixteen-bytes"),
                                   SLICE("$apr1$abcdefgh$5wjH0VaLBYGcMK0HlnQ4B1")));
}

static void what_is_no_hash_belongs_to_nobody(void **state)
{
    static const char *const bad[] = {"",
                                      "*",
                                      "x",
                                      "!",
                                      "{SHA}",
                                      "{SHA}%",
                                      "{SSHA}",
                                      "{SSHA}YQ==",
                                      "$apr1$",
                                      "$apr1$abc",
                                      "$apr1$much-too-long$x",
                                      "$9$a$b",
                                      "secret"};
    char large[CRYPTO_PASSWORD_MOST + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (crypto_password_is(SLICE("secret"), slice_str(bad[i])))
            fail_msg("for \"%s\"", bad[i]);
        assert_false(crypto_password_is(SLICE(""), slice_str(bad[i])));
    }
    memset(large, 'a', sizeof(large));
    assert_false(crypto_password_is(slice_of(large, sizeof(large)), SLICE("{PLAIN}a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_password_belongs_and_no_other_does),
        cmocka_unit_test(apr1_knows_every_length),
        cmocka_unit_test(what_is_no_hash_belongs_to_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
