/* Host names: what can be one, IDNA, reverse names. */
#include "net/dns/dns_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_ascii(void **state)
{
    static const struct {
        const char *name, *want; /* NULL: cannot be a host name */
    } rows[] = {
        {"example.com", "example.com"},
        {"example.com.", "example.com."},
        {"_http._tcp.x", "_http._tcp.x"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.example",
         "xn--bcher-kva.example"},
        {"fa\xc3\x9f.de", "xn--fa-hia.de"}, /* not transitional: not "fass" */
        {"\xe4\xbe\x8b\xe3\x81\x88.jp", "xn--r8jz45g.jp"},
        {"", NULL},
        {".", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a b", NULL},
        {"a\tb", NULL},
        {"a\\b", NULL},
        {"\xff.example", NULL},
        {"\xc3\xbc..x", NULL},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf got = BUF_EMPTY;

        assert_int_equal(dns_name_to_ascii(slice_str(rows[i].name), &got), rows[i].want != NULL);
        if (rows[i].want)
            assert_string_equal(buf_cstr(&got), rows[i].want);
        buf_free(&got);
    }
}

static void test_limits(void **state)
{
    char name[300];
    struct buf got = BUF_EMPTY;

    UNUSED(state);
    memset(name, 'a', sizeof name);
    assert_true(dns_name_to_ascii(slice_of(name, 63), &got));
    assert_false(dns_name_to_ascii(slice_of(name, 64), &got));
    for (size_t i = 31; i < sizeof name; i += 32)
        name[i] = '.';
    assert_true(dns_name_to_ascii(slice_of(name, 253), &got));
    assert_false(dns_name_to_ascii(slice_of(name, 254), &got));
    assert_false(dns_name_to_ascii(slice_of("a\0b", 3), &got));
    buf_free(&got);
}

static void test_localhost(void **state)
{
    UNUSED(state);
    assert_true(dns_name_is_localhost(SLICE("localhost")));
    assert_true(dns_name_is_localhost(SLICE("LocalHost.")));
    assert_true(dns_name_is_localhost(SLICE("db.localhost")));
    assert_false(dns_name_is_localhost(SLICE("notlocalhost")));
    assert_false(dns_name_is_localhost(SLICE("localhost.example")));
    assert_false(dns_name_is_localhost(SLICE(".localhost")));
}

static void test_reverse(void **state)
{
    struct buf got = BUF_EMPTY;
    struct addr a;

    UNUSED(state);
    assert_null(addr_parse(SLICE("1.2.3.255"), 0, &a));
    dns_name_reverse(&a, &got);
    assert_string_equal(buf_cstr(&got), "255.3.2.1.in-addr.arpa");
    got.n = 0;
    assert_null(addr_parse(SLICE("[2001:db8::1f]"), 0, &a));
    dns_name_reverse(&a, &got);
    assert_string_equal(buf_cstr(&got), "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
                                        "1.0.0.2.ip6.arpa");
    buf_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_localhost),
        cmocka_unit_test(test_reverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
