/* Which value an address has. */
#include "net/addr_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pool pool;

static void network(struct addr_table *t, const char *text, const char *value)
{
    struct addr_range r;
    bool is_loose;

    assert_true(addr_range_parse(slice_str(text), &r, &is_loose));
    addr_table_add_network(t, &r, value);
}

static bool span(struct addr_table *t, const char *first, const char *last, const char *value)
{
    struct addr from, to;

    assert_true(addr_literal(slice_str(first), &from) && addr_literal(slice_str(last), &to));
    return addr_table_add_span(t, &from, &to, value);
}

static void has(const struct addr_table *t, const char *address, const char *value)
{
    struct addr a;
    const char *found;

    assert_true(addr_literal(slice_str(address), &a));
    found = addr_table_find(t, &a);
    if (!found != !value || (found && strcmp(found, value) != 0))
        fail_msg("%s has %s, not %s", address, found ? found : "nothing",
                 value ? value : "nothing");
}

static void the_most_specific_network_counts(void **state)
{
    struct addr_table *t = addr_table_new(&pool);

    (void)state;
    network(t, "10.1.2.0/24", "c");
    network(t, "10.0.0.0/8", "a");
    network(t, "10.1.2.3", "d");
    network(t, "10.1.0.0/16", "b");
    network(t, "10.1.255.0/24", "at the end");
    network(t, "2001:db8::/32", "six");
    network(t, "255.255.255.255", "last");
    network(t, "192.0.2.0/24", "old");
    network(t, "192.0.2.0/24", "new");
    network(t, "10.1.2.128/25", "gone");
    network(t, "10.1.2.128/25", NULL);
    addr_table_finish(t);
    has(t, "9.255.255.255", NULL);
    has(t, "10.0.0.0", "a");
    has(t, "10.0.255.255", "a");
    has(t, "10.1.0.0", "b");
    has(t, "10.1.2.0", "c");
    has(t, "10.1.2.2", "c");
    has(t, "10.1.2.3", "d");
    has(t, "10.1.2.4", "c");
    has(t, "10.1.2.255", "c");
    has(t, "10.1.3.0", "b");
    has(t, "10.1.255.255", "at the end");
    has(t, "10.2.0.0", "a");
    has(t, "10.255.255.255", "a");
    has(t, "11.0.0.0", NULL);
    has(t, "192.0.2.1", "new");
    has(t, "255.255.255.254", NULL);
    has(t, "255.255.255.255", "last");
    has(t, "2001:db8:1::", "six");
    has(t, "2001:db9::", NULL);
    has(t, "::ffff:10.1.2.3", "d");
}

static void all_addresses_may_be_meant(void **state)
{
    struct addr_table *t = addr_table_new(&pool);

    (void)state;
    network(t, "::/0", "all");
    network(t, "0.0.0.0/0", "four");
    network(t, "ffff::/16", "high");
    addr_table_finish(t);
    has(t, "::", "all");
    has(t, "::ffff", "all");
    has(t, "0.0.0.0", "four");
    has(t, "255.255.255.255", "four");
    has(t, "fffe::", "all");
    has(t, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "high");
}

static void of_spans_the_last_one_counts(void **state)
{
    struct addr_table *t = addr_table_new(&pool);

    (void)state;
    assert_true(span(t, "10.0.0.0", "10.0.0.255", "a"));
    assert_true(span(t, "10.0.1.0", "10.0.1.255", "b"));
    assert_true(span(t, "10.0.3.0", "10.0.3.255", "c"));
    assert_true(span(t, "10.0.0.16", "10.0.0.31", "in a"));
    assert_true(span(t, "10.0.1.128", "10.0.3.127", "over b and c"));
    assert_true(span(t, "10.0.0.20", "10.0.0.20", NULL));
    assert_true(span(t, "2001:db8::", "2001:db8::ff", "six"));
    assert_true(span(t, "9.0.0.0", "9.0.0.0", "before all"));
    addr_table_finish(t);
    has(t, "8.255.255.255", NULL);
    has(t, "9.0.0.0", "before all");
    has(t, "10.0.0.15", "a");
    has(t, "10.0.0.16", "in a");
    has(t, "10.0.0.20", NULL);
    has(t, "10.0.0.31", "in a");
    has(t, "10.0.0.32", "a");
    has(t, "10.0.1.127", "b");
    has(t, "10.0.1.128", "over b and c");
    has(t, "10.0.2.200", "over b and c");
    has(t, "10.0.3.127", "over b and c");
    has(t, "10.0.3.128", "c");
    has(t, "10.0.4.0", NULL);
    has(t, "2001:db8::10", "six");
    has(t, "2001:db8::100", NULL);
}

static void what_is_no_span_is_refused(void **state)
{
    struct addr_table *t = addr_table_new(&pool);
    struct addr u = {.len = sizeof(sa_family_t), .storage = {.ss_family = AF_UNIX}};

    (void)state;
    assert_false(span(t, "10.0.0.2", "10.0.0.1", "a"));
    assert_false(span(t, "10.0.0.2", "::1", "a"));
    assert_false(addr_table_add_span(t, &u, &u, "a"));
    addr_table_finish(t);
    assert_null(addr_table_find(t, &u));
    has(t, "10.0.0.2", NULL);
}

static int set_up(void **state)
{
    (void)state;
    pool_init(&pool, NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pool_reset(&pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_network_counts),
        cmocka_unit_test(all_addresses_may_be_meant),
        cmocka_unit_test(of_spans_the_last_one_counts),
        cmocka_unit_test(what_is_no_span_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
