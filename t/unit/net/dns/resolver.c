/* The resolver against a name server in the same loop: cache, merging, giving up, failures. Covers
 * dns_channel and dns_answer, which it is made of. */
#include "net/dns/resolver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "t/unit/net/name_server.h"

static const struct zone_row zone[] = {
    {"a.test", DNS_A, "10.0.0.1 10.0.0.2", 300, 0, false},
    {"zero.test", DNS_A, "10.0.0.3", 0, 0, false},
    {"none.test", DNS_A, NULL, 30, 3, false},
    {"nosoa.test", DNS_A, NULL, 0, 3, false},
    {"bad.test", DNS_A, NULL, 0, 2, false},
    {"silent.test", DNS_A, NULL, 0, 0, true},
    {NULL, 0, NULL, 0, 0, false},
};

static struct resolver *r;
static struct resolver_wait *waits[4];
static unsigned calls;
static const struct err *last_err;
static unsigned addresses;

static void on_answer(void *user, struct dns_answer *a)
{
    struct addr_list l = ADDR_LIST_EMPTY;

    calls++;
    last_err = a->err;
    if (user)
        *(struct resolver_wait **)user = NULL;
    if (!a->err)
        assert_true(dns_answer_addresses(a, DNS_A, &l));
    addresses = l.n;
    addr_list_free(&l);
}

static void ask(unsigned slot, const char *name)
{
    waits[slot] = resolver_ask(r, slice_str(name), DNS_A, on_answer, &waits[slot]);
}

static void run_until(unsigned n)
{
    while (calls < n)
        loop_turn(true);
    assert_int_equal(calls, n);
}

static const struct err *outcome(const char *name)
{
    calls = 0;
    ask(0, name);
    assert_int_equal(calls, 0);
    run_until(1);
    return last_err;
}

static unsigned drops; /* datagrams that the firewall is about to drop */

/* Stands before the system's. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    if (drops == 0)
        return syscall(SYS_sendmsg, fd, m, flags);
    drops--;
    errno = EPERM;
    return -1;
}

static int start(void **state)
{
    struct resolver_options o = resolver_defaults();

    UNUSED(state);
    loop_init(LOOP_BEST);
    name_server_start(zone);
    o.servers = name_server.address;
    o.timeout = 50;
    o.tries = 2;
    o.hosts = "";
    assert_null(resolver_new(&o, &r));
    calls = 0;
    return 0;
}

static int stop(void **state)
{
    UNUSED(state);
    resolver_unref(&r);
    name_server_stop();
    loop_deinit(); /* checks that no watcher is left */
    return 0;
}

static void test_cache(void **state)
{
    struct resolver_stats s;

    UNUSED(state);
    assert_null(outcome("a.test"));
    assert_int_equal(addresses, 2);
    assert_null(outcome("A.TEST"));
    assert_int_equal(addresses, 2);
    assert_int_equal(name_server.asked, 1);
    resolver_count(r, &s);
    assert_int_equal(s.questions, 2);
    assert_int_equal(s.hits, 1);
    assert_int_equal(s.sent, 1);
    assert_int_equal(s.entries, 1);
    resolver_flush(r);
    assert_null(outcome("a.test"));
    assert_int_equal(name_server.asked, 2);
    assert_null(outcome("zero.test"));
    assert_null(outcome("zero.test"));
    assert_int_equal(name_server.asked, 4);
}

static void test_negative(void **state)
{
    UNUSED(state);
    assert_ptr_equal(outcome("none.test"), &err_name_not_found);
    assert_ptr_equal(outcome("none.test"), &err_name_not_found);
    assert_int_equal(name_server.asked, 1);
    assert_ptr_equal(outcome("nosoa.test"), &err_name_not_found);
    assert_ptr_equal(outcome("nosoa.test"), &err_name_not_found);
    assert_int_equal(name_server.asked, 3);
}

static void test_failures(void **state)
{
    struct resolver_stats s;

    UNUSED(state);
    assert_ptr_equal(outcome("bad.test"), &err_name_server);
    assert_ptr_equal(outcome("bad.test"), &err_name_server);
    assert_ptr_equal(outcome("silent.test"), &err_timeout);
    resolver_count(r, &s);
    assert_int_equal(s.failed, 3);
    assert_int_equal(s.entries, 0);
    io_watch(&name_server.io, 0); /* nobody listens there any more */
    close(name_server.fd);
    assert_ptr_equal(outcome("a.test"), &err_name_server);
    name_server_start(zone);
}

static void test_drops(void **state)
{
    UNUSED(state);
    drops = 1;
    assert_null(outcome("a.test"));
    assert_int_equal(drops, 0);
    assert_int_equal(name_server.asked, 1);
    drops = 2;
    assert_ptr_equal(outcome("zero.test"), &err_timeout);
    assert_int_equal(drops, 0);
    assert_int_equal(name_server.asked, 1);
}

static void test_merge(void **state)
{
    struct resolver_stats s;

    UNUSED(state);
    for (unsigned i = 0; i < 4; i++)
        ask(i, i % 2 ? "a.test" : "A.test");
    resolver_give_up(&waits[2]);
    assert_null(waits[2]);
    run_until(3);
    assert_int_equal(name_server.asked, 1);
    resolver_count(r, &s);
    assert_int_equal(s.merged, 3);
    assert_int_equal(s.sent, 1);
}

/* The last one who gives up closes the socket: the loop has nothing to wait for. */
static void test_give_up(void **state)
{
    UNUSED(state);
    ask(0, "silent.test");
    ask(1, "silent.test");
    ask(2, "a.test");
    loop_turn(false);
    resolver_give_up(&waits[0]);
    resolver_give_up(&waits[1]);
    if (waits[2])
        run_until(1);
    io_watch(&name_server.io, 0);
    loop_run();
    assert_int_equal(calls, 1);
    ask(0, "silent.test");
    resolver_unref(&r); /* the wait has a reference of its own */
    resolver_give_up(&waits[0]);
    loop_run();
    assert_int_equal(calls, 1);
}

static void on_answer_give_up(void *user, struct dns_answer *a)
{
    on_answer(NULL, a);
    resolver_give_up(user);
}

/* Two answers of one turn; who gets the first gives up the second. */
static void test_give_up_in_callback(void **state)
{
    UNUSED(state);
    assert_null(outcome("a.test"));
    calls = 0;
    waits[0] = resolver_ask(r, SLICE("a.test"), DNS_A, on_answer_give_up, &waits[1]);
    ask(1, "a.test");
    loop_turn(false);
    loop_turn(false);
    assert_int_equal(calls, 1);
}

static void test_long_name(void **state)
{
    char name[400];

    UNUSED(state);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_ptr_equal(outcome(name), &err_invalid);
    name[70] = '\0'; /* a label that is too long */
    assert_ptr_equal(outcome(name), &err_invalid);
}

static void test_bad_servers(void **state)
{
    struct resolver_options o = resolver_defaults();
    struct resolver *bad;

    UNUSED(state);
    o.servers = "nonsense:port";
    assert_ptr_equal(resolver_new(&o, &bad), &err_invalid);
    assert_null(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cache, start, stop),
        cmocka_unit_test_setup_teardown(test_negative, start, stop),
        cmocka_unit_test_setup_teardown(test_failures, start, stop),
        cmocka_unit_test_setup_teardown(test_drops, start, stop),
        cmocka_unit_test_setup_teardown(test_merge, start, stop),
        cmocka_unit_test_setup_teardown(test_give_up, start, stop),
        cmocka_unit_test_setup_teardown(test_give_up_in_callback, start, stop),
        cmocka_unit_test_setup_teardown(test_long_name, start, stop),
        cmocka_unit_test_setup_teardown(test_bad_servers, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
