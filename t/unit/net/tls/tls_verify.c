/* A hook of the client is told how the server's certificate was judged, may wait, and changes it.
 */
#include "net/tls/tls_verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20, NAME_MISMATCH = 62, UNCHANGED = -1 };

static long told, set;
static int waits, calls;
static enum tls_answer answer;

static enum tls_answer on_verify(struct stream *s)
{
    void *x509 = tls_verify_certificate(s);

    calls++;
    assert_non_null(x509);
    tls_verify_free_certificate(x509);
    told = tls_verify_result(s);
    if (waits-- > 0) {
        *tls_state(s) = &waits;
        return TLS_WAIT;
    }
    *tls_state(s) = NULL;
    if (set != UNCHANGED)
        tls_verify_set_result(s, set);
    return answer;
}

static const struct tls_hooks hooks = {.on_verify = on_verify};

static struct tls_pair pair;

static void open_pair(const char *name)
{
    tls_pair_init(&pair);
    pair.client_options.hooks = &hooks;
    pair.peer.server_name = slice_str(name);
    told = set = UNCHANGED;
    waits = calls = 0;
    answer = TLS_GO_ON;
}

static void test_told_and_changed(void **state)
{
    static const struct {
        const char *name;
        long told, set;
        int waits;
        bool is_fine;
    } rows[] = {
        {"localhost", 0, UNCHANGED, 0, true},
        {"localhost", 0, 23, 0, false},
        {"localhost", 0, UNCHANGED, 2, true},
        {"wrong.example", NAME_MISMATCH, UNCHANGED, 1, false},
        {"wrong.example", NAME_MISMATCH, 0, 1, true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        open_pair(rows[i].name);
        set = rows[i].set;
        waits = rows[i].waits;
        tls_pair_open(&pair, ROOM);
        assert_int_equal(tls_pair_shake(&pair), rows[i].is_fine); /* asks again after each wait */
        assert_int_equal(told, rows[i].told);
        assert_int_equal(calls, rows[i].waits + 1);
        tls_pair_close(&pair);
    }
}

static void test_refused(void **state)
{
    UNUSED(state);
    for (int skips = 0; skips < 2; skips++) {
        open_pair("localhost");
        pair.client_options.skips_verify = skips;
        answer = TLS_REFUSE;
        tls_pair_open(&pair, ROOM);
        assert_false(tls_pair_shake(&pair));
        assert_ptr_equal(pair.client->err, &err_tls_bad_certificate);
        tls_pair_close(&pair);
    }
}

static void test_not_judged_before(void **state)
{
    UNUSED(state);
    open_pair("wrong.example");
    pair.client_options.skips_own_judgement = true;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(told, 0);
    tls_pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_and_changed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_judged_before),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
