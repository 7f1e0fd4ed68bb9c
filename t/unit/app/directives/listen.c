#include "../loaded.h"

#include <unistd.h>

static void address_is(const struct listen_conf *l, const char *expected)
{
    struct buf text = BUF_EMPTY;

    addr_format(&l->addr, &text);
    assert_string_equal(buf_cstr(&text), expected);
    buf_free(&text);
}

static void test_addresses(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"8080", "0.0.0.0:8080"},         {"*:81", "0.0.0.0:81"}, {"127.0.0.1", "127.0.0.1:80"},
        {"127.0.0.1:82", "127.0.0.1:82"}, {"[::]:83", "[::]:83"}, {"[::1]", "[::1]:80"},
        {"unix:/tmp/x", "unix:/tmp/x"},   {"unix:x", "unix:./x"}, {"127.1", "127.0.0.1:80"},
        {"127.1:84", "127.0.0.1:84"},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[128];
        struct app_conf *conf;

        snprintf(text, sizeof(text), "http { access_log off; server { listen %s; } }",
                 cases[i].text);
        conf = loaded(text);
        assert_int_equal(conf->n_listens, 1);
        address_is(conf->listens[0], cases[i].expected);
        conf_free(&conf);
    }
}

static void test_sharing(void **state)
{
    struct app_conf *conf =
        loaded(IN_HTTP("server { listen 80; server_name a; } server { server_name b; listen *:80 "
                       "default_server backlog=9 rcvbuf=8k sndbuf=1k; "
                       "listen [::]:80 ipv6only=off reuseport deferred; } server { }"));
    const struct listen_conf *l = conf->listens[0], *v6 = conf->listens[1];

    UNUSED(state);
    assert_int_equal(l->n_vhosts, geteuid() == 0 ? 3 : 2);
    assert_ptr_equal(l->default_vhost, conf->vhosts[1]);
    assert_int_equal(l->options.backlog, 9);
    assert_int_equal(l->options.rcvbuf, 8192);
    assert_int_equal(l->options.sndbuf, 1024);
    assert_false(l->options.reuseport);
    assert_true(v6->options.reuseport && v6->options.defer_accept && !v6->options.ipv6only);
    assert_ptr_equal(v6->default_vhost, conf->vhosts[1]);
    conf_free(&conf);
}

static void test_keepalive(void **state)
{
    struct app_conf *conf = loaded(IN_HTTP("server { listen 81 so_keepalive=30m::10 fastopen=64; "
                                           "listen 82 so_keepalive=off; listen 83; }"));
    const struct listen_options *first = &conf->listens[0]->options;

    UNUSED(state);
    assert_true(first->keepalive.is_set && first->keepalive.is_on);
    assert_int_equal(first->keepalive.idle, 1800);
    assert_int_equal(first->keepalive.interval, 0);
    assert_int_equal(first->keepalive.count, 10);
    assert_int_equal(first->fastopen, 64);
    assert_true(conf->listens[1]->options.keepalive.is_set);
    assert_false(conf->listens[1]->options.keepalive.is_on);
    assert_false(conf->listens[2]->options.keepalive.is_set);
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"listen 80 so_keepalive=30m;",
         "invalid so_keepalive value in \"so_keepalive=30m\" of the \"listen\" directive in "
         "code:1"},
        {"listen 80 so_keepalive=::0;",
         "invalid so_keepalive value in \"so_keepalive=::0\" of the \"listen\" directive in "
         "code:1"},
        {"listen 80 so_keepalive=1:2:3:4;",
         "invalid so_keepalive value in \"so_keepalive=1:2:3:4\" of the \"listen\" directive in "
         "code:1"},
        {"listen 80 bind so_keepalive=on;", NULL},
        {"listen example.invalid:80;", "host not found in \"example.invalid:80\" of the \"listen\" "
                                       "directive in code:1; give port, "
                                       "address:port, [ipv6]:port, name:port or unix:/path"},
        {"listen 99999;", "invalid port in \"99999\" of the \"listen\" directive in code:1; give "
                          "port, address:port, [ipv6]:port, name:port or unix:/path"},
        {"listen 0;", "invalid port in \"0\" of the \"listen\" directive in code:1; give "
                      "port, address:port, [ipv6]:port, name:port or unix:/path"},
        {"listen 127.0.0.1:99999;",
         "invalid port in \"127.0.0.1:99999\" of the \"listen\" directive in code:1; give port, "
         "address:port, [ipv6]:port, name:port or unix:/path"},
        {"listen 80 ssl;",
         "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive in code:1"},
        {"listen 80 http2;", NULL},
        {"listen 80 fast;",
         "invalid parameter \"fast\" in code:1; syntax: listen address[:port[-port]] | port[-port] "
         "| unix:path "
         "[default_server] [ssl] [http2] [proxy_protocol] [reuseport] [backlog=number] "
         "[rcvbuf=size] [sndbuf=size] [ipv6only=on|off] [deferred] "
         "[so_keepalive=on|off|[idle]:[interval]:[count]] [fastopen=number] [bind];"},
        {"listen 80 backlog=x;",
         "invalid backlog value in \"backlog=x\" of the \"listen\" directive in code:1"},
        {"listen 80; listen *:80;", "a duplicate listen 80 in code:1"},
        {"listen 80 default; } server { listen 80 default_server;",
         "a duplicate default server for 80 in code:1"},
        {"listen 80 backlog=1; } server { listen 80 backlog=2;",
         "duplicate listen options for 80 in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("server { %s }"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_keepalive),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
