/* What nginx's functions give, by its contracts. */
#include "app/lua/ffi_nginx.h"

#include <setjmp.h>
#include <stdarg.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hex_dump),
        cmocka_unit_test(test_atoi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
