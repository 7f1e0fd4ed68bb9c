/* Pins of keys: made from PEM, compared with the peer's key, in both spellings. */
#include "net/tls/tls_pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;

static void test_pins(void **state)
{
    struct buf own = BUF_EMPTY, other = BUF_EMPTY, list = BUF_EMPTY;

    UNUSED(state);
    assert_true(tls_pin_of_pem(certs_get(CERT_SERVER).cert_pem, &own));
    assert_true(tls_pin_of_pem(certs_get(CERT_OTHER).cert_pem, &other));
    assert_false(tls_pin_of_pem(SLICE("no certificate"), &list));
    assert_true(slice_has_prefix(buf_slice(&own), SLICE("sha256/")));
    tls_pair_init(&pair);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_null(tls_pin_check(pair.client, SLICE_EMPTY));
    assert_null(tls_pin_check(pair.client, buf_slice(&own)));
    assert_null(tls_pin_check(pair.client, slice_from(buf_slice(&own), 7)));
    assert_ptr_equal(tls_pin_check(pair.client, buf_slice(&other)), &err_tls_pin);
    buf_printf(&list, "%s %s", buf_cstr(&other), buf_cstr(&own));
    assert_null(tls_pin_check(pair.client, buf_slice(&list)));
    tls_pair_close(&pair);
    buf_free(&own);
    buf_free(&other);
    buf_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pins)};
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
