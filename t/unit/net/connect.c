/* Connecting: each way to fail with its code, its stage and its text; racing; cancelling. */
#include "net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "t/unit/net/name_server.h"
#include "net/listen.h"

static const struct zone_row zone[] = {
    {"one.test", DNS_A, "127.0.0.1", 300, 0, false},
    {"two.test", DNS_A, "127.0.0.2 127.0.0.3", 300, 0, false},
    {"mixed.test", DNS_A, "127.0.0.1", 300, 0, false},
    {"mixed.test", DNS_AAAA, "::1", 300, 0, false},
    {"late.test", DNS_A, "127.0.0.1", 300, 0, false},
    {"late.test", DNS_AAAA, NULL, 0, 0, true},
    {"silent.test", DNS_A, NULL, 0, 0, true},
    {"silent.test", DNS_AAAA, NULL, 0, 0, true},
    {"bad.test", DNS_A, NULL, 0, 2, false},
    {"bad.test", DNS_AAAA, NULL, 0, 2, false},
    {NULL, 0, NULL, 0, 0, false},
};

static struct resolver *r;
static struct connect *connecting;
static struct stream *stream;
static unsigned calls;
static struct connect_failure failure;
static char text[1000];
static int filler[8], listening;
static uint16_t port;

static void on_connected(void *user, struct stream *s, const struct connect_failure *f)
{
    assert_ptr_equal(user, &connecting);
    connecting = NULL;
    calls++;
    stream = s;
    if (!f)
        return;
    failure = *f;
    snprintf(text, sizeof text, "%s", f->text);
}

static void begin(struct connect_options o)
{
    calls = 0;
    text[0] = '\0';
    failure = (struct connect_failure){.err = NULL};
    o.resolver = r;
    if (!o.port)
        o.port = port;
    connecting = connect_start(&o, on_connected, &connecting);
    assert_int_equal(calls, 0);
}

static void run(struct connect_options o)
{
    begin(o);
    while (connecting)
        loop_turn(true);
    assert_int_equal(calls, 1);
}

/* The address that was reached. */
static void assert_peer(const char *want)
{
    struct addr a;
    struct buf b = BUF_EMPTY;

    assert_non_null(stream);
    assert_null(addr_of_fd(stream_fd(stream), true, &a));
    addr_format_host(&a, &b);
    assert_string_equal(buf_cstr(&b), want);
    buf_free(&b);
    stream_close(&stream, true);
}

static void listen_at(const char *address)
{
    static const struct listen_options o = {.backlog = 100};
    struct addr a;

    assert_null(addr_parse(slice_str(address), 0, &a));
    assert_null(listen_open(&a, &o, &listening));
    assert_null(addr_of_fd(listening, false, &a));
    port = (uint16_t)addr_port(&a);
}

/* Nobody accepts and the queue is full: who connects now hears nothing. */
static void fill_queue(void)
{
    struct addr a;

    assert_null(addr_of_fd(listening, false, &a));
    assert_int_equal(listen(listening, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(filler); i++) {
        filler[i] = socket(a.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(filler[i], &a.sa, a.len);
    }
}

static void empty_queue(void)
{
    for (size_t i = 0; i < ARRAY_LEN(filler); i++)
        close(filler[i]);
}

static int start(void **state)
{
    struct resolver_options o = resolver_defaults();

    UNUSED(state);
    loop_init(LOOP_BEST);
    name_server_start(zone);
    o.servers = name_server.address;
    o.hosts = "";
    o.search = "";
    o.timeout = 5000;
    assert_null(resolver_new(&o, &r));
    listen_at("127.0.0.1:0");
    return 0;
}

static int stop(void **state)
{
    UNUSED(state);
    resolver_unref(&r);
    name_server_stop();
    close(listening);
    loop_deinit();
    return 0;
}

static void test_names_and_addresses(void **state)
{
    struct addr a;

    UNUSED(state);
    run((struct connect_options){.host = SLICE("127.0.0.1")});
    assert_peer("127.0.0.1");
    run((struct connect_options){.host = SLICE("one.test")});
    assert_peer("127.0.0.1");
    assert_null(addr_of_fd(listening, false, &a));
    run((struct connect_options){.addr = &a});
    assert_peer("127.0.0.1");
}

static void test_unix(void **state)
{
    static const struct listen_options defaults;
    char dir[] = "/tmp/connect-XXXXXX", path[64];
    struct addr a;
    int fd;

    UNUSED(state);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "unix:%s/s", dir);
    assert_null(addr_parse(slice_str(path), 0, &a));
    assert_null(listen_open(&a, &defaults, &fd));
    run((struct connect_options){.unix_path = slice_str(path + 5)});
    assert_non_null(stream);
    stream_close(&stream, false);
    close(fd);
    run((struct connect_options){.unix_path = slice_str(path + 5)});
    assert_ptr_equal(failure.err, &err_refused);
    unlink(path + 5);
    run((struct connect_options){.unix_path = slice_str(path + 5)});
    assert_ptr_equal(failure.err, &err_not_found);
    assert_int_equal(failure.stage, CONNECT_TCP);
    assert_non_null(strstr(text, path));
    run((struct connect_options){.unix_path = slice_of(text, 200)});
    assert_ptr_equal(failure.err, &err_invalid);
    rmdir(dir);
}

static void test_refused(void **state)
{
    char want[200];

    UNUSED(state);
    run((struct connect_options){.host = SLICE("two.test")});
    assert_null(stream);
    assert_ptr_equal(failure.err, &err_refused);
    assert_int_equal(failure.stage, CONNECT_TCP);
    snprintf(want, sizeof want,
             "two.test:%u: 127.0.0.2:%u: connection refused, 127.0.0.3:%u: connection refused",
             port, port, port);
    assert_string_equal(text, want);
}

static void test_unresolved(void **state)
{
    static const struct {
        struct slice host;
        const struct err *err;
    } rows[] = {
        {{"nosuch.test", 11}, &err_name_not_found},
        {{"bad.test", 8}, &err_name_server},
        {{"a b", 3}, &err_invalid},
        {{"", 0}, &err_invalid},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        run((struct connect_options){.host = rows[i].host});
        assert_ptr_equal(failure.err, rows[i].err);
        assert_int_equal(failure.stage, CONNECT_RESOLVE);
        assert_true(slice_has_prefix(slice_str(text), rows[i].host));
        assert_non_null(strstr(text, rows[i].err->message));
    }
    run((struct connect_options){.host = SLICE("silent.test"), .total_timeout = 30});
    assert_ptr_equal(failure.err, &err_timeout);
    assert_int_equal(failure.stage, CONNECT_RESOLVE);
}

static void test_timeouts(void **state)
{
    UNUSED(state);
    fill_queue();
    run((struct connect_options){.host = SLICE("127.0.0.1"), .total_timeout = 30});
    assert_ptr_equal(failure.err, &err_timeout);
    assert_int_equal(failure.stage, CONNECT_TCP);
    assert_non_null(strstr(text, "127.0.0.1:"));
    run((struct connect_options){.host = SLICE("127.0.0.1"), .connect_timeout = 20});
    assert_ptr_equal(failure.err, &err_timeout);
    assert_int_equal(failure.stage, CONNECT_TCP);
    empty_queue();
}

/* The family that is preferred does not answer: the other is tried beside it. */
/* What is there before its deadline counts, however late we look. */
static void test_late_look(void **state)
{
    UNUSED(state);
    begin((struct connect_options){.host = SLICE("127.0.0.1"), .total_timeout = 1});
    (void)usleep(5000);
    while (connecting)
        loop_turn(true);
    assert_peer("127.0.0.1");
}

static void test_race(void **state)
{
    int v4 = listening;
    struct addr a;

    UNUSED(state);
    snprintf(text, sizeof text, "[::1]:%u", port);
    assert_null(addr_parse(slice_str(text), 0, &a));
    listen_at(text);
    run((struct connect_options){.host = SLICE("mixed.test")});
    assert_peer("::1");
    run((struct connect_options){.host = SLICE("mixed.test"), .family = DNS_PREFER_V4});
    assert_peer("127.0.0.1");
    fill_queue();
    run((struct connect_options){.host = SLICE("mixed.test"), .stagger = 20});
    assert_peer("127.0.0.1");
    empty_queue();
    close(listening);
    listening = v4;
    run((struct connect_options){.host = SLICE("mixed.test"), .stagger = 100000});
    assert_peer("127.0.0.1"); /* ::1 refuses: the next address without waiting */
}

/* IPv6 addresses that never come hold the others up for 50 ms only. */
static void test_resolution_delay(void **state)
{
    UNUSED(state);
    run((struct connect_options){.host = SLICE("late.test"), .total_timeout = 4000});
    assert_peer("127.0.0.1");
}

static void test_local(void **state)
{
    struct addr local, a;

    UNUSED(state);
    assert_null(addr_parse(SLICE("127.0.0.9:0"), 0, &local));
    run((struct connect_options){.host = SLICE("one.test"), .local = &local});
    assert_non_null(stream);
    assert_null(addr_of_fd(stream_fd(stream), false, &a));
    addr_set_port(&a, 0);
    assert_true(addr_eq(&a, &local));
    stream_close(&stream, true);
    assert_null(addr_parse(SLICE("[::1]:0"), 0, &local));
    run((struct connect_options){.host = SLICE("one.test"), .local = &local});
    assert_ptr_equal(failure.err, &err_unreachable);
    assert_null(addr_parse(SLICE("203.0.113.7:0"), 0, &local)); /* not ours */
    run((struct connect_options){.host = SLICE("one.test"), .local = &local});
    assert_ptr_equal(failure.err, &err_no_address);
}

static void test_no_descriptors(void **state)
{
    struct rlimit old, none;
    struct addr a;

    UNUSED(state);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    assert_null(addr_of_fd(listening, false, &a));
    none = old;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    run((struct connect_options){.addr = &a});
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_ptr_equal(failure.err, &err_no_resources);
    run((struct connect_options){.addr = &a});
    assert_peer("127.0.0.1");
}

/* Cancelled at each stage: nothing is called, nothing is left to wait for. */
static void test_cancel(void **state)
{
    static const struct slice hosts[] = {
        {"silent.test", 11}, {"mixed.test", 10}, {"127.0.0.1", 9}, {"a b", 3}};

    UNUSED(state);
    fill_queue();
    for (size_t i = 0; i < 3 * ARRAY_LEN(hosts); i++) {
        begin((struct connect_options){.host = hosts[i / 3]});
        for (size_t turn = 0; turn < i % 3 && connecting; turn++)
            loop_turn(false);
        connect_cancel(&connecting);
        assert_null(connecting);
    }
    io_watch(&name_server.io, 0);
    calls = 0;
    loop_run();
    assert_int_equal(calls, 0);
    empty_queue();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_and_addresses, start, stop),
        cmocka_unit_test_setup_teardown(test_unix, start, stop),
        cmocka_unit_test_setup_teardown(test_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_unresolved, start, stop),
        cmocka_unit_test_setup_teardown(test_timeouts, start, stop),
        cmocka_unit_test_setup_teardown(test_late_look, start, stop),
        cmocka_unit_test_setup_teardown(test_race, start, stop),
        cmocka_unit_test_setup_teardown(test_resolution_delay, start, stop),
        cmocka_unit_test_setup_teardown(test_local, start, stop),
        cmocka_unit_test_setup_teardown(test_no_descriptors, start, stop),
        cmocka_unit_test_setup_teardown(test_cancel, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
