#include "app/lua/ffi_errlog.h"

#include "base/log.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static void test_lines_are_kept(void **state)
{
    struct log_sink sink = {.path = mem_strdup(SLICE("/dev/null")), .fd = -1, .level = LOG_INFO};
    struct log_ctx ctx = {.sink = &sink};
    struct ffi_str line;
    int level;
    double seconds;

    UNUSED(state);
    assert_null(log_open(&sink));
    assert_int_equal(ffi_errlog_take(&line, &level, &seconds), -1);
    assert_int_equal(ffi_errlog_set_filter(LOG_ERROR), -1);
    ffi_errlog_open(4096);
    assert_int_equal(ffi_errlog_take(&line, &level, &seconds), 0);
    assert_int_equal(ffi_errlog_set_filter(9), -2);
    assert_int_equal(ffi_errlog_set_filter(-1), -2);
    log_write(&ctx, LOG_WARN, "kept;");
    log_write(&ctx, LOG_DEBUG, "not written;");
    assert_int_equal(ffi_errlog_set_filter(LOG_ERROR), 0);
    log_write(&ctx, LOG_WARN, "filtered;");
    assert_int_equal(ffi_errlog_take(&line, &level, &seconds), 1);
    assert_int_equal(level, LOG_WARN);
    assert_true(seconds > 0);
    assert_true(slice_has_suffix(slice_of(line.p, line.n), SLICE("kept;")));
    assert_int_equal(ffi_errlog_take(&line, &level, &seconds), 0);
    ffi_errlog_open(0);
    log_write(&ctx, LOG_ERROR, "nobody;");
    assert_int_equal(ffi_errlog_take(&line, &level, &seconds), -1);
    log_close(&sink);
}

/* Whatever is taken in between, what is left is the newest, whole and in order. */
static void test_overflow(void **state)
{
    struct log_sink sink = {.path = mem_strdup(SLICE("/dev/null")), .fd = -1, .level = LOG_INFO};
    struct log_ctx ctx = {.sink = &sink};
    struct ffi_str line;
    int level, next = 0;
    double seconds;

    UNUSED(state);
    assert_null(log_open(&sink));
    ffi_errlog_open(4096);
    for (int i = 1; i <= 1000; i++) {
        log_write(
            &ctx, LOG_ERROR, "number %d %.*s", i, i % 97,
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            "xxxxxxxxxxxxxxxx");
        if (i % 7 == 0)
            assert_int_equal(ffi_errlog_take(&line, &level, &seconds), 1);
    }
    while (ffi_errlog_take(&line, &level, &seconds) == 1) {
        const char *at = memmem(line.p, line.n, "number ", 7);
        int n = (int)strtol(at + 7, NULL, 10);

        assert_true(next == 0 || n == next);
        next = n + 1;
    }
    assert_int_equal(next, 1001);
    ffi_errlog_open(0);
    log_close(&sink);
}

static void test_levels(void **state)
{
    UNUSED(state);
    assert_int_equal(ffi_errlog_write(LOG_DEBUG + 1, "x", 1), -1);
    assert_int_equal(ffi_errlog_write(-1, "x", 1), -1);
    assert_int_equal(ffi_errlog_system_level(), LOG_NOTICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_kept),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
