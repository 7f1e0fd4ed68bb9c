/* Parameters as uwsgi and SCGI write them: sizes, heads, what is too large. */
#include "proto/gateway_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void writes_uwsgi(void **state)
{
    static char longest[0x102];
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    uwsgi_add_param(&b, SLICE("AB"), SLICE("c"));
    uwsgi_add_param(&b, SLICE("E"), SLICE(""));
    assert_true(uwsgi_wrap(&b, 5, 255));
    assert_true(slice_eq(buf_slice(&b), SLICE("\x05\x0c\0\xff\2\0AB\1\0c\1\0E\0\0")));
    b.n = 0;
    uwsgi_add_param(&b, SLICE("A"), slice_of(longest, sizeof(longest)));
    assert_true(uwsgi_wrap(&b, 0, 0));
    assert_memory_equal(b.p, "\0\x07\1\0\1\0A\2\1", 9);
    assert_int_equal(b.n, 4 + 3 + 2 + sizeof(longest));
    b.n = 0;
    assert_true(uwsgi_wrap(&b, 0, 0));
    assert_true(slice_eq(buf_slice(&b), SLICE("\0\0\0\0")));
    buf_free(&b);
}

static void refuses_large_uwsgi(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    buf_add(&b, memset(buf_reserve(&b, UWSGI_PARAMS_MOST), 0, UWSGI_PARAMS_MOST),
            UWSGI_PARAMS_MOST);
    assert_true(uwsgi_wrap(&b, 0, 0));
    assert_int_equal(b.n, UWSGI_PARAMS_MOST + 4);
    b.n = UWSGI_PARAMS_MOST + 1;
    assert_false(uwsgi_wrap(&b, 0, 0));
    assert_int_equal(b.n, UWSGI_PARAMS_MOST + 1);
    buf_free(&b);
}

static void writes_scgi(void **state)
{
    struct buf b = BUF_EMPTY;

    UNUSED(state);
    scgi_add_param(&b, SLICE("CONTENT_LENGTH"), SLICE("27"));
    scgi_add_param(&b, SLICE("SCGI"), SLICE("1"));
    scgi_add_param(&b, SLICE("E"), SLICE(""));
    scgi_wrap(&b);
    assert_true(slice_eq(buf_slice(&b), SLICE("28:CONTENT_LENGTH\0"
                                              "27\0"
                                              "SCGI\0"
                                              "1\0E\0\0,")));
    b.n = 0;
    scgi_add_param(&b, SLICE("X"), SLICE("y\0REMOTE_USER\0root"));
    assert_true(slice_eq(buf_slice(&b), SLICE("X\0y\0")));
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_uwsgi),
        cmocka_unit_test(refuses_large_uwsgi),
        cmocka_unit_test(writes_scgi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
