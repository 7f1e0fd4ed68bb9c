/* What both ends say they have agreed on. */
#include "net/tls/tls_info.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;

static void assert_offers(bool (*ask)(const struct stream *s, struct buf *out), const char *word)
{
    struct buf out = BUF_EMPTY;

    assert_true(ask(pair.server, &out));
    assert_non_null(strstr(buf_cstr(&out), word));
    buf_free(&out);
}

static void test_agreed(void **state)
{
    static const struct {
        unsigned protocols;
        int number;
        const char *version, *cipher;
    } cases[] = {
        {TLS_1_2, 0x0303, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"},
        {TLS_1_3, 0x0304, "TLSv1.3", "TLS_AES_128_GCM_SHA256"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tls_pair_init(&pair);
        pair.server_options.protocols = cases[i].protocols;
        pair.server_options.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
        pair.server_options.ciphersuites = "TLS_AES_128_GCM_SHA256";
        tls_pair_open(&pair, ROOM);
        assert_true(tls_pair_shake(&pair));
        assert_int_equal(tls_info_version_number(pair.server), cases[i].number);
        assert_true(slice_eq(tls_info_version(pair.client), slice_str(cases[i].version)));
        assert_true(slice_eq(tls_info_cipher(pair.server), slice_str(cases[i].cipher)));
        assert_true(slice_eq(tls_info_server_name(pair.server), SLICE("localhost")));
        assert_int_equal(tls_info_alpn(pair.server).n, 0);
        assert_false(tls_info_is_resumed(pair.server));
        assert_true(slice_eq(tls_info_curve(pair.server), SLICE("X25519")));
        assert_offers(tls_info_client_curves, "X25519:prime256v1");
        assert_offers(tls_info_client_ciphers, cases[i].cipher);
        tls_pair_close(&pair);
    }
}

static void test_peers(void **state)
{
    UNUSED(state);
    tls_pair_init(&pair);
    pair.peer.server_name = SLICE_EMPTY;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(tls_info_server_name(pair.server).n, 0);
    assert_null(tls_info_verified(pair.client, NULL));
    assert_ptr_equal(tls_info_verified(pair.server, NULL), &err_tls_no_certificate);
    tls_pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agreed),
        cmocka_unit_test(test_peers),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
