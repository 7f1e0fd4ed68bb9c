/* Lists of addresses: no doubles, a bound, rotation. */
#include "net/addr_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static struct addr address(unsigned i)
{
    struct addr a;
    char text[32];

    snprintf(text, sizeof text, "10.0.0.%u:1", i);
    assert_null(addr_parse(slice_str(text), 0, &a));
    return a;
}

static void test_add(void **state)
{
    struct addr_list l = ADDR_LIST_EMPTY;

    UNUSED(state);
    for (unsigned i = 0; i < 2 * ADDR_LIST_MAX; i++) {
        struct addr a = address(i);

        addr_list_add(&l, &a);
        addr_list_add(&l, &a);
    }
    assert_int_equal(l.n, ADDR_LIST_MAX);
    addr_list_free(&l);
    assert_int_equal(l.n, 0);
    assert_null(l.items);
}

static void test_rotation(void **state)
{
    struct addr_list from = ADDR_LIST_EMPTY, to = ADDR_LIST_EMPTY;

    UNUSED(state);
    for (unsigned i = 0; i < 3; i++) {
        struct addr a = address(i);

        addr_list_add(&from, &a);
    }
    addr_list_add_all(&to, &from, 4);
    assert_int_equal(to.n, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(addr_eq(&to.items[i], &from.items[(i + 1) % 3]));
    addr_list_free(&from);
    addr_list_free(&to);
}

static void test_bytes(void **state)
{
    struct addr_list l = ADDR_LIST_EMPTY;
    struct buf text = BUF_EMPTY;

    UNUSED(state);
    addr_list_add_ip(&l, slice_of("\1\2\3\4", 4));
    addr_list_add_ip(&l, slice_of("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16));
    addr_set_port(&l.items[1], 53);
    addr_format(&l.items[0], &text);
    addr_format(&l.items[1], &text);
    assert_string_equal(buf_cstr(&text), "1.2.3.4:0[2001:db8::1]:53");
    buf_free(&text);
    addr_list_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
