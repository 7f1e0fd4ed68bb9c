/* Numbers in text. */
#include "base/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#define BAD INT64_C(-7777)

struct row {
    const char *text;
    int64_t want; /* BAD: refused */
};

static void check_rows(bool (*parse)(struct slice, int64_t *), const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t got = BAD;
        bool ok = parse(slice_str(rows[i].text), &got);

        if (got != rows[i].want || ok != (rows[i].want != BAD))
            fail_msg("\"%s\": %" PRId64 ", not %" PRId64, rows[i].text, got, rows[i].want);
    }
    assert_false(parse(slice_of(NULL, 0), &(int64_t){0}));
}

static void test_u63(void **state)
{
    static const struct row rows[] = {
        {"0", 0},
        {"7", 7},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"0000000000000000000000000012", 12},
        {"999999999999999999", 999999999999999999},
        {"9223372036854775808", BAD},
        {"9999999999999999999", BAD},
        {"18446744073709551617", BAD},
        {"99999999999999999999999", BAD},
        {"", BAD},
        {"-1", BAD},
        {"+1", BAD},
        {" 1", BAD},
        {"1 ", BAD},
        {"1a", BAD},
        {"0x1", BAD},
        {"\xb1", BAD},
    };

    UNUSED(state);
    check_rows(num_parse_u63, rows, ARRAY_LEN(rows));
}

static void test_hex_digit(void **state)
{
    static const char digits[] = "0123456789abcdef";

    UNUSED(state);
    for (int c = 0; c < 256; c++) {
        const char *at = c >= 'A' && c <= 'F' ? strchr(digits, c | 0x20) : strchr(digits, c);

        assert_int_equal(num_hex_digit((char)c), c && at ? (int)(at - digits) : -1);
    }
}

static void test_hex(void **state)
{
    static const struct row rows[] = {
        {"0", 0},
        {"ff", 255},
        {"FF", 255},
        {"aBc", 0xabc},
        {"7fffffffffffffff", INT64_MAX},
        {"0000000000000001", 1},
        {"00000000000000001", BAD},
        {"8000000000000000", BAD},
        {"ffffffffffffffff", BAD},
        {"", BAD},
        {"g", BAD},
        {"0x1", BAD},
        {"-1", BAD},
        {"@", BAD},
        {"1;", BAD},
        {"\x10", BAD},
    };

    UNUSED(state);
    check_rows(num_parse_hex, rows, ARRAY_LEN(rows));
}

static void test_size(void **state)
{
    static const struct row rows[] = {
        {"0", 0},
        {"10", 10},
        {"8k", 8192},
        {"8K", 8192},
        {"1m", 1048576},
        {"1M", 1048576},
        {"2g", 2147483648},
        {"2G", 2147483648},
        {"8589934591g", INT64_C(8589934591) << 30},
        {"8589934592g", BAD},
        {"k", BAD},
        {"1kk", BAD},
        {"1 k", BAD},
        {"-1k", BAD},
        {"", BAD},
        {"1t", BAD},
        {"1.5m", BAD},
        {"1\x0b", BAD},
    };

    UNUSED(state);
    check_rows(num_parse_size, rows, ARRAY_LEN(rows));
}

static void test_msec(void **state)
{
    static const struct row rows[] = {
        {"0", 0},
        {"60", 60000},
        {"60s", 60000},
        {"500ms", 500},
        {"1m", 60000},
        {"1h30m", 5400000},
        {"1h 30m", 5400000},
        {"1d  12h", 129600000},
        {"1y", INT64_C(31536000000)},
        {"1M", INT64_C(2592000000)},
        {"1w", 604800000},
        {"1s500ms", 1500},
        {"1h 30", 3630000},
        {"1y1M1w1d1h1m1s1ms", INT64_C(34822861001)},
        {"9223372036854775807ms", INT64_MAX},
        {"9223372036854775807", BAD},
        {"9223372036854775807s", BAD},
        {"1s9223372036854775807ms", BAD},
        {"", BAD},
        {"s", BAD},
        {"1x", BAD},
        {"1m1h", BAD},
        {"1m1m", BAD},
        {"1s 5", BAD},
        {"5 5", BAD},
        {" 1s", BAD},
        {"1s ", BAD},
        {"1 s", BAD},
        {"-1s", BAD},
        {"1hm", BAD},
        {"1sm", BAD},
        {"1.5s", BAD},
        {"1H", BAD},
        {"1ms1s", BAD},
    };

    UNUSED(state);
    check_rows(num_parse_msec, rows, ARRAY_LEN(rows));
}

static void check_format(int64_t v)
{
    char got[24], want[24];
    size_t n;

    memset(got, '!', sizeof(got));
    n = num_format(got, v);
    snprintf(want, sizeof(want), "%" PRId64, v);
    assert_int_equal(n, strlen(want));
    assert_memory_equal(got, want, n);
    assert_int_equal(got[n], '!');
}

static void test_format(void **state)
{
    int64_t v = 1;

    UNUSED(state);
    for (int64_t i = -1100; i <= 1100; i++)
        check_format(i);
    for (int i = 0; i < 19; i++, v = i < 19 ? v * 10 : v) {
        check_format(v);
        check_format(v - 1);
        check_format(-v);
        check_format(-v + 1);
    }
    check_format(INT64_MAX);
    check_format(INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u63),  cmocka_unit_test(test_hex),  cmocka_unit_test(test_hex_digit),
        cmocka_unit_test(test_size), cmocka_unit_test(test_msec), cmocka_unit_test(test_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
