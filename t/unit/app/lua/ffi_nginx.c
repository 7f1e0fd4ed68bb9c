/* What nginx's functions give, by its contracts. */
#include "app/lua/ffi_nginx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

static intptr_t number(const char *text)
{
    return ngx_atoi((const unsigned char *)text, strlen(text));
}

static void test_hex_dump(void **state)
{
    unsigned char out[9] = "........";

    (void)state;
    assert_ptr_equal(ngx_hex_dump(out, (const unsigned char *)"\0\xff\x1a", 3), out + 6);
    assert_string_equal((char *)out, "00ff1a..");
    assert_ptr_equal(ngx_hex_dump(out, NULL, 0), out);
}

static void test_atoi(void **state)
{
    (void)state;
    assert_int_equal(number("0"), 0);
    assert_int_equal(number("0012"), 12);
    assert_true(number("9223372036854775807") == INT64_MAX);
    assert_int_equal(number("9223372036854775808"), -1);
    assert_int_equal(number(""), -1);
    assert_int_equal(number("-1"), -1);
    assert_int_equal(number("1x"), -1);
}

static intptr_t hex(const char *text)
{
    return ngx_hextoi((const unsigned char *)text, strlen(text));
}

static void test_hextoi(void **state)
{
    (void)state;
    assert_int_equal(hex("0"), 0);
    assert_int_equal(hex("00fF"), 255);
    assert_true(hex("7fffffffffffffff") == INT64_MAX);
    assert_int_equal(hex("8000000000000000"), -1);
    assert_int_equal(hex(""), -1);
    assert_int_equal(hex("0x1"), -1);
    assert_int_equal(hex("-1"), -1);
}

static intptr_t duration(const char *text, bool is_in_seconds)
{
    struct ffi_nginx_str s = {strlen(text), (const unsigned char *)text};

    return ngx_parse_time(&s, is_in_seconds);
}

static void test_parse_time(void **state)
{
    (void)state;
    assert_int_equal(duration("90", true), 90);
    assert_int_equal(duration("90", false), 90000);
    assert_int_equal(duration("1h 30m", true), 5400);
    assert_int_equal(duration("1s500ms", false), 1500);
    assert_int_equal(duration("1s500ms", true), -1);
    assert_int_equal(duration("30m1h", true), -1);
    assert_int_equal(duration("", true), -1);
    assert_int_equal(duration("1x", false), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex_dump),
        cmocka_unit_test(test_atoi),
        cmocka_unit_test(test_hextoi),
        cmocka_unit_test(test_parse_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
