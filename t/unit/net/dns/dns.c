/* Lookups: what needs no question, families, the search list, failures, cancelling. */
#include "net/dns/dns.h"

#include <stdlib.h>

#include "base/clock.h"
#include "t/unit/net/name_server.h"

static const struct zone_row zone[] = {
    {"both.test", DNS_A, "10.0.0.1", 300, 0, false},
    {"both.test", DNS_AAAA, "2001:db8::1", 300, 0, false},
    {"v4.test", DNS_A, "10.0.0.1 10.0.0.2", 300, 0, false},
    {"v4.test", DNS_AAAA, NULL, 300, 0, false},
    {"half.test", DNS_A, "10.0.0.1", 300, 0, false},
    {"half.test", DNS_AAAA, NULL, 0, 2, false},
    {"late.test", DNS_A, "10.0.0.1", 300, 0, false},
    {"late.test", DNS_AAAA, NULL, 0, 0, true},
    {"bad.test", DNS_A, NULL, 0, 2, false},
    {"bad.test", DNS_AAAA, NULL, 0, 2, false},
    {"db.one.test", DNS_A, "10.0.1.1", 300, 0, false},
    {"db.two.test", DNS_A, "10.0.2.1", 300, 0, false},
    {"web.two.test", DNS_A, "10.0.2.2", 300, 0, false},
    {"x.y.one.test", DNS_A, "10.0.1.9", 300, 0, false},
    {"x.y", DNS_A, "10.9.9.9", 300, 0, false},
    {"single", DNS_A, "10.7.7.7", 300, 0, false},
    {"xn--bcher-kva.test", DNS_A, "10.5.5.5", 300, 0, false},
    {NULL, 0, NULL, 0, 0, false},
};

static char hosts[] = "/tmp/hosts-XXXXXX";
static struct resolver *r;
static struct dns_query *query;
static unsigned calls, last_calls;
static uint64_t until_ms;
static const struct err *last_err;
static struct buf got;

static void on_result(void *user, const struct dns_result *result)
{
    UNUSED(user);
    calls++;
    last_err = result->err;
    until_ms = result->until_ms;
    for (unsigned i = 0; i < result->addrs->n; i++) {
        addr_format_host(&result->addrs->items[i], &got);
        buf_add_char(&got, ' ');
    }
    if (result->is_last) {
        last_calls++;
        query = NULL;
    } else {
        buf_add_lit(&got, "| ");
    }
}

static const char *outcome(const char *name, enum dns_family family, bool each)
{
    calls = last_calls = 0;
    got.n = 0;
    query = (each ? dns_lookup_each : dns_lookup)(r, slice_str(name), family, on_result, NULL);
    assert_int_equal(calls, 0);
    while (!last_calls)
        loop_turn(true);
    assert_null(query);
    return last_err ? last_err->code : buf_cstr(&got);
}

static void set_up_resolver(struct resolver_options o)
{
    o.servers = name_server.address;
    o.search = "one.test two.test.";
    o.ndots = 1;
    o.timeout = 50;
    o.tries = 1;
    o.hosts = hosts;
    assert_null(resolver_new(&o, &r));
}

static int start(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    name_server_start(zone);
    set_up_resolver(resolver_defaults());
    return 0;
}

static int stop(void **state)
{
    UNUSED(state);
    resolver_unref(&r);
    name_server_stop();
    loop_deinit();
    buf_free(&got);
    return 0;
}

static void test_without_question(void **state)
{
    UNUSED(state);
    assert_string_equal(outcome("10.0.0.7", DNS_PREFER_V6, false), "10.0.0.7 ");
    assert_string_equal(outcome("[::1]", DNS_PREFER_V6, false), "::1 ");
    assert_string_equal(outcome("::1", DNS_ONLY_V4, false), "name_not_found");
    assert_string_equal(outcome("localhost", DNS_PREFER_V6, false), "::1 127.0.0.1 ");
    assert_string_equal(outcome("a.localhost.", DNS_PREFER_V4, false), "127.0.0.1 ::1 ");
    assert_string_equal(outcome("Localhost", DNS_ONLY_V4, true), "127.0.0.1 ");
    assert_string_equal(outcome("in-hosts", DNS_PREFER_V6, false), "10.3.3.3 ");
    assert_string_equal(outcome("", DNS_PREFER_V6, false), "invalid");
    assert_string_equal(outcome("a b", DNS_PREFER_V6, false), "invalid");
    assert_int_equal(name_server.asked, 0);
}

/* Seconds for which the answer holds; a lookup from the cache says what is left of them. */
static void test_times(void **state)
{
    UNUSED(state);
    outcome("in-hosts", DNS_PREFER_V6, false);
    assert_int_equal(until_ms, 0);
    outcome("v4.test.", DNS_ONLY_V4, false);
    assert_in_range(until_ms, clock_ms() + 290000, clock_ms() + 300000);
    until_ms -= 1000;
    outcome("v4.test.", DNS_ONLY_V4, false);
    assert_in_range(until_ms, clock_ms() + 290000, clock_ms() + 300000);
    outcome("bad.test", DNS_PREFER_V6, false);
    assert_int_equal(until_ms, 0);
}

static void test_families(void **state)
{
    UNUSED(state);
    assert_string_equal(outcome("both.test", DNS_PREFER_V6, false), "2001:db8::1 10.0.0.1 ");
    assert_string_equal(outcome("both.test.", DNS_PREFER_V4, false), "10.0.0.1 2001:db8::1 ");
    assert_string_equal(outcome("both.test", DNS_ONLY_V6, false), "2001:db8::1 ");
    assert_string_equal(outcome("both.test", DNS_ONLY_V4, false), "10.0.0.1 ");
    assert_int_equal(name_server.asked, 2);
    assert_string_equal(outcome("v4.test.", DNS_ONLY_V6, false), "name_not_found");
    assert_string_equal(outcome("half.test", DNS_PREFER_V6, false), "10.0.0.1 ");
    assert_string_equal(outcome("bad.test", DNS_PREFER_V6, false), "name_server");
    assert_string_equal(outcome("late.test", DNS_PREFER_V6, false), "10.0.0.1 ");
    assert_string_equal(outcome("late.test.", DNS_ONLY_V6, false), "timeout");
    assert_string_equal(outcome("b\xc3\xbc"
                                "cher.test",
                                DNS_PREFER_V6, false),
                        "10.5.5.5 ");
}

/* Each family when it is known; what is kept already comes at once. */
static void test_each(void **state)
{
    UNUSED(state);
    assert_string_equal(outcome("late.test", DNS_PREFER_V6, true), "10.0.0.1 | ");
    assert_int_equal(calls, 2);
    assert_null(last_err);
    assert_string_equal(outcome("bad.test", DNS_PREFER_V6, true), "name_server");
    outcome("both.test", DNS_PREFER_V6, true);
    assert_int_equal(calls, 2);
    assert_int_equal(got.n, strlen("2001:db8::1 10.0.0.1 | "));
}

static void test_search(void **state)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"db", "10.0.1.1 "},     /* the first domain that has it */
        {"web", "10.0.2.2 "},    /* the second */
        {"single", "10.7.7.7 "}, /* at last as it stands */
        {"x.y", "10.9.9.9 "},    /* enough dots: as it stands first */
        {"db.one", "name_not_found"}, {"db.", "name_not_found"}, /* whole */
        {"nosuch", "name_not_found"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(outcome(rows[i].name, DNS_ONLY_V4, false), rows[i].want);
    assert_string_equal(name_server.last, "nosuch");
}

static void test_rotation(void **state)
{
    char first[64];

    UNUSED(state);
    snprintf(first, sizeof first, "%s", outcome("v4.test", DNS_ONLY_V4, false));
    assert_string_not_equal(first, outcome("v4.test", DNS_ONLY_V4, false));
    assert_string_equal(first, outcome("v4.test", DNS_ONLY_V4, false));
}

static void test_no_ipv6(void **state)
{
    struct resolver_options o = resolver_defaults();

    UNUSED(state);
    resolver_unref(&r);
    o.has_ipv6 = false;
    set_up_resolver(o);
    assert_string_equal(outcome("both.test", DNS_PREFER_V6, false), "10.0.0.1 ");
    assert_int_equal(name_server.asked, 1);
    assert_string_equal(outcome("both.test", DNS_ONLY_V6, false), "name_not_found");
    assert_string_equal(outcome("::1", DNS_PREFER_V6, false), "::1 ");
    assert_int_equal(name_server.asked, 1);
}

static void test_total_timeout(void **state)
{
    struct resolver_options o = resolver_defaults();

    UNUSED(state);
    resolver_unref(&r);
    o.total_timeout = 20;
    set_up_resolver(o);
    assert_string_equal(outcome("late.test", DNS_ONLY_V6, false), "timeout");
}

static void test_cancel(void **state)
{
    static const char *const names[] = {"late.test", "10.0.0.1", "nosuch", "a b"};

    UNUSED(state);
    calls = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        query = dns_lookup(r, slice_str(names[i]), DNS_PREFER_V6, on_result, NULL);
        dns_cancel(&query);
        assert_null(query);
        query = dns_lookup(r, slice_str(names[i]), DNS_PREFER_V6, on_result, NULL);
        loop_turn(false);
        if (query)
            dns_cancel(&query);
        calls = 0;
    }
    io_watch(&name_server.io, 0);
    loop_run(); /* returns when nothing is left to wait for */
    assert_int_equal(calls, 0);
}

static void on_first_cancel(void *user, const struct dns_result *result)
{
    UNUSED(user);
    calls++;
    assert_false(result->is_last);
    dns_cancel(&query);
}

static void test_cancel_in_callback(void **state)
{
    UNUSED(state);
    calls = 0;
    query = dns_lookup_each(r, SLICE("late.test"), DNS_PREFER_V6, on_first_cancel, NULL);
    while (query)
        loop_turn(true);
    io_watch(&name_server.io, 0);
    loop_run();
    assert_int_equal(calls, 1);
}

static int make_hosts(void **state)
{
    FILE *f;

    UNUSED(state);
    close(mkstemp(hosts));
    f = fopen(hosts, "w");
    fputs("10.3.3.3 in-hosts\n", f);
    return fclose(f);
}

static int drop_hosts(void **state)
{
    UNUSED(state);
    return unlink(hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_question, start, stop),
        cmocka_unit_test_setup_teardown(test_times, start, stop),
        cmocka_unit_test_setup_teardown(test_families, start, stop),
        cmocka_unit_test_setup_teardown(test_each, start, stop),
        cmocka_unit_test_setup_teardown(test_search, start, stop),
        cmocka_unit_test_setup_teardown(test_rotation, start, stop),
        cmocka_unit_test_setup_teardown(test_no_ipv6, start, stop),
        cmocka_unit_test_setup_teardown(test_total_timeout, start, stop),
        cmocka_unit_test_setup_teardown(test_cancel, start, stop),
        cmocka_unit_test_setup_teardown(test_cancel_in_callback, start, stop),
    };

    return cmocka_run_group_tests(tests, make_hosts, drop_hosts);
}
