/* Which addresses are in which range. */
#include "net/addr_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void addresses_are_in_ranges(void **state)
{
    static const struct {
        const char *range, *address;
        bool is_in;
    } cases[] = {
        {"all", "10.0.0.1", true},
        {"all", "unix:/tmp/x", true},
        {"unix:", "unix:/tmp/x", true},
        {"unix:", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"127.0.0.1", "unix:/tmp/x", false},
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.168.16.0/20", "192.168.31.255", true},
        {"192.168.16.0/20", "192.168.32.0", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "[::1]:1", false},
        {"10.0.0.0/8", "[::ffff:10.1.2.3]:1", true},
        {"10.0.0.0/8", "[::ffff:11.1.2.3]:1", false},
        {"2001:db8::/32", "[2001:db8:1::1]:1", true},
        {"2001:db8::/32", "[2001:db9::1]:1", false},
        {"2001:db8::/33", "[2001:db8:8000::1]:1", false},
        {"::1", "[::1]:1", true},
        {"::1", "127.0.0.1", false},
        {"::/0", "[fe80::1]:1", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct addr_range r;
        struct addr a;
        bool is_loose;

        assert_true(addr_range_parse(slice_str(cases[i].range), &r, &is_loose));
        assert_false(is_loose);
        assert_null(addr_parse(slice_str(cases[i].address), 1, &a));
        if (addr_range_has(&r, &a) != cases[i].is_in)
            fail_msg("%s in %s", cases[i].address, cases[i].range);
    }
}

static void bits_behind_the_prefix_do_not_count(void **state)
{
    struct addr_range r;
    struct addr a;
    bool is_loose;

    (void)state;
    assert_true(addr_range_parse(SLICE("10.1.2.3/9"), &r, &is_loose));
    assert_true(is_loose);
    assert_null(addr_parse(SLICE("10.0.9.9"), 1, &a));
    assert_true(addr_range_has(&r, &a));
}

static void what_is_no_range_is_refused(void **state)
{
    static const char *const bad[] = {
        "",      "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0",     "::/129",
        "[::1]", "name",        "/8",        "unix:/tmp/x", "10.0.0.1:80",  "localhost/8"};
    struct addr_range r;
    bool is_loose;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (addr_range_parse(slice_str(bad[i]), &r, &is_loose))
            fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_in_ranges),
        cmocka_unit_test(bits_behind_the_prefix_do_not_count),
        cmocka_unit_test(what_is_no_range_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
