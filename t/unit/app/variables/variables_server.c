/* Variables of server, connection, clock and files. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "../world.h"

static void test_server_and_connection(void **state)
{
    static const struct world_case expected[] = {
        {"server_name", "example.com"},
        {"server_addr", "127.0.0.1"},
        {"server_port", "8080"},
        {"remote_addr", "192.0.2.17"},
        {"remote_port", "40000"},
        {"connection", "7"},
        {"connection_requests", "3"},
        {"pipe", "."},
        {"nginx_version", "1.31.2"},
        {"document_root", "/srv/html"},
        {"request_filename", "/srv/html/a b"},
        {"proxy_protocol_addr", "(none)"},
        {"ssl_protocol", "(none)"},
    };
    struct world w;
    char pid[24];

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.connection_id = 7;
    w.x.connection_requests = 3;
    world_check(&w, expected, ARRAY_LEN(expected));
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_string_equal(world_get(&w, "pid"), pid);
    assert_true(strlen(world_get(&w, "hostname")) > 0);
    w.names[0] = SLICE("$hostname");
    assert_string_equal(world_get(&w, "server_name"), world_get(&w, "hostname"));
    w.names[0] = SLICE(".example.org");
    assert_string_equal(world_get(&w, "server_name"), "example.org");
    w.vhost.n_names = 0;
    assert_string_equal(world_get(&w, "server_name"), "");
    world_end(&w);
}

static const struct world_case addresses[] = {
    {"0.0.0.0", "0.0.0.0"}, {"255.249.100.99", "255.249.100.99"}, {"10.1.20.3", "10.1.20.3"}};

static void test_addresses(void **state)
{
    struct world w;
    const struct variable *var;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        world_init(&w);
        world_begin_visit(&w);
        w.peer = world_addr(addresses[i].name, 1);
        assert_string_equal(world_get(&w, "remote_addr"), addresses[i].expected);
        world_end(&w);
    }
    world_init(&w);
    world_begin_visit(&w);
    var = variable_find(&w.conf.variables, SLICE("binary_remote_addr"));
    assert_true(slice_eq(var->get(&w.v, var), SLICE("\xc0\x00\x02\x11")));
    world_end(&w);
}

static void test_v6(void **state)
{
    struct world w;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&w.peer.sa;
    const struct variable *var;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    memset(in6, 0, sizeof(*in6));
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(99);
    in6->sin6_addr.s6_addr[0] = 0x20;
    in6->sin6_addr.s6_addr[15] = 1;
    w.peer.len = sizeof(*in6);
    var = variable_find(&w.conf.variables, SLICE("binary_remote_addr"));
    assert_int_equal(var->get(&w.v, var).n, 16);
    assert_string_equal(world_get(&w, "remote_addr"), "2000::1");
    assert_string_equal(world_get(&w, "remote_port"), "99");
    world_end(&w);
}

static void test_unix(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    memset(&w.peer, 0, sizeof(w.peer));
    w.peer.sa.sa_family = AF_UNIX;
    w.peer.len = sizeof(sa_family_t);
    assert_string_equal(world_get(&w, "remote_addr"), "unix:");
    assert_string_equal(world_get(&w, "binary_remote_addr"), "unix:");
    assert_string_equal(world_get(&w, "remote_port"), "");
    world_end(&w);
}

static void test_without_socket(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.x.local = NULL;
    w.x.state = EXCHANGE_DONE;
    assert_string_equal(world_get(&w, "server_addr"), "127.0.0.1");
    assert_string_equal(world_get(&w, "server_port"), "8080");
    world_end(&w);
}

static void test_clock(void **state)
{
    struct world w;
    const char *msec;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    msec = world_get(&w, "msec");
    assert_int_equal(strlen(strchr(msec, '.')), 4);
    assert_int_equal(strtoll(msec, NULL, 10), clock_wall_ms() / 1000);
    assert_true(slice_eq(slice_str(world_get(&w, "time_local")), clock_access_date()));
    assert_true(slice_eq(slice_str(world_get(&w, "time_iso8601")), clock_iso8601()));
    world_end(&w);
}

static void test_realpath_root(void **state)
{
    struct world w;

    UNUSED(state);
    world_init(&w);
    world_begin_visit(&w);
    w.base.root = script_literal(&w.conf.pool, SLICE("/usr/../tmp/"));
    assert_string_equal(world_get(&w, "document_root"), "/usr/../tmp");
    assert_string_equal(world_get(&w, "realpath_root"), "/tmp");
    w.base.root = script_literal(&w.conf.pool, SLICE("/does/not/exist"));
    log_set_default(&(struct log_sink){.level = LOG_EMERG});
    assert_string_equal(world_get(&w, "realpath_root"), "(none)");
    log_set_default(NULL);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_and_connection),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_v6),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_without_socket),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_realpath_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
