/* Lists of addresses that proxies have made, and how far back they are believed. */
#include "net/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct forwarded_trust trust_of(struct addr_range *ranges, const char *const *texts)
{
    struct forwarded_trust t = {ranges, 0};
    bool is_loose;

    for (; texts[t.n]; t.n++)
        assert_true(addr_range_parse(slice_str(texts[t.n]), &ranges[t.n], &is_loose));
    return t;
}

static const char *const trusted[] = {"10.0.0.0/8", "::1", "2001:db8::/32", "unix:", NULL};

static void the_client_is_the_last_that_trusted_ones_tell(void **state)
{
    static const struct {
        const char *from, *list;
        int hops;
        const char *client; /* NULL: nothing is believed */
    } cases[] = {
        {"10.0.0.1", "1.2.3.4", 1, "1.2.3.4:0"},
        {"10.0.0.1", "1.2.3.4", FORWARDED_HOPS_ALL, "1.2.3.4:0"},
        {"11.0.0.1", "1.2.3.4", FORWARDED_HOPS_ALL, NULL},
        {"unix:/tmp/x", "1.2.3.4", 1, "1.2.3.4:0"},
        {"10.0.0.1", "", 1, NULL},
        {"10.0.0.1", " , ,, ", 1, NULL},
        {"10.0.0.1", "unknown", 1, NULL},
        {"10.0.0.1", "1.2.3.4, unknown", FORWARDED_HOPS_ALL, NULL},
        {"10.0.0.1", "unknown, 1.2.3.4 ,, ", FORWARDED_HOPS_ALL, "1.2.3.4:0"},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", 1, "10.2.2.2:0"},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", FORWARDED_HOPS_ALL, "1.2.3.4:0"},
        {"10.0.0.1", "6.6.6.6,1.2.3.4\t10.2.2.2", FORWARDED_HOPS_ALL, "1.2.3.4:0"},
        {"10.0.0.1", "10.3.3.3, 10.2.2.2", FORWARDED_HOPS_ALL, "10.3.3.3:0"},
        {"10.0.0.1", "bad, 10.2.2.2", FORWARDED_HOPS_ALL, "10.2.2.2:0"},
        {"10.0.0.1", "1.2.3.4, 10.3.3.3, 10.2.2.2", 2, "10.3.3.3:0"},
        {"10.0.0.1", "1.2.3.4:80, [2001:db8::1]:443, [::1]", FORWARDED_HOPS_ALL, "1.2.3.4:80"},
        {"10.0.0.1", "2001:db8::1", 1, "[2001:db8::1]:0"},
        {"10.0.0.1", "[2001:db9::7]:65535", 1, "[2001:db9::7]:65535"},
        {"10.0.0.1", "1.2.3.4:", 1, NULL},
        {"10.0.0.1", "1.2.3.4:65536", 1, NULL},
        {"10.0.0.1", "1.2.3.4:-1", 1, NULL},
        {"10.0.0.1", "1.2.3.4:8x", 1, NULL},
        {"10.0.0.1", ":80", 1, NULL},
        {"10.0.0.1", ":", 1, NULL},
        {"10.0.0.1", "[", 1, NULL},
        {"10.0.0.1", "[]", 1, NULL},
        {"10.0.0.1", "[]:1", 1, NULL},
        {"10.0.0.1", "fe80::1%lo", 1, NULL},
        {"10.0.0.1", "80", 1, NULL},
        {"10.0.0.1", "localhost", 1, NULL},
        {"10.0.0.1", "*", 1, NULL},
        {"10.0.0.1", "unix:", 1, NULL},
        {"10.0.0.1", "1.2.3", 1, NULL},
        {"10.0.0.1", "1.2.3.4", 0, NULL},
    };
    struct addr_range ranges[ARRAY_LEN(trusted)];
    struct forwarded_trust t = trust_of(ranges, trusted);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct addr client, before;
        struct buf text = BUF_EMPTY;
        bool is_found;

        assert_null(addr_parse(slice_str(cases[i].from), 1, &client));
        before = client;
        is_found = forwarded_client(&t, slice_str(cases[i].list), cases[i].hops, &client);
        addr_format(&client, &text);
        if (is_found != (cases[i].client != NULL))
            fail_msg("\"%s\" from %s", cases[i].list, cases[i].from);
        if (is_found)
            assert_string_equal(buf_cstr(&text), cases[i].client);
        else
            assert_true(addr_eq(&client, &before));
        buf_free(&text);
    }
}

static void nobody_is_trusted_by_default(void **state)
{
    struct forwarded_trust nobody = {NULL, 0};
    struct addr client;

    (void)state;
    assert_null(addr_parse(SLICE("127.0.0.1"), 1, &client));
    assert_false(forwarded_client(&nobody, SLICE("1.2.3.4"), FORWARDED_HOPS_ALL, &client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_the_last_that_trusted_ones_tell),
        cmocka_unit_test(nobody_is_trusted_by_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
