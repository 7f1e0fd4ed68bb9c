#include "../loaded.h"

#include "app/real_ip.h"

static void test_inherits(void **state)
{
    struct app_conf *conf =
        loaded(IN_HTTP("set_real_ip_from 10.0.0.0/8; set_real_ip_from ::1; server { listen 8080; "
                       "real_ip_recursive on; location /a { real_ip_header X-Forwarded-For; } "
                       "location /b { set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; } "
                       "location /c {} }"));
    const struct real_ip_conf *http = conf->http->real_ip, *server = loaded_server(conf)->real_ip,
                              *a = loaded_location(conf, 0)->real_ip,
                              *b = loaded_location(conf, 1)->real_ip;

    UNUSED(state);
    assert_int_equal(http->trust.n, 2);
    assert_false(http->is_recursive);
    assert_int_equal(server->trust.n, 2);
    assert_true(server->is_recursive);
    assert_int_equal(server->source, REAL_IP_FIELD);
    loaded_slice_is(server->field, "X-Real-IP");
    assert_int_equal(a->source, REAL_IP_FORWARDED_FOR);
    assert_int_equal(a->trust.n, 2);
    assert_true(a->is_recursive);
    assert_int_equal(b->source, REAL_IP_PROXY_PROTOCOL);
    assert_int_equal(b->trust.n, 1);
    assert_ptr_equal(loaded_location(conf, 2)->real_ip, server);
    conf_free(&conf);
}

static void test_names_and_kinds(void **state)
{
    struct app_conf *conf =
        loaded(IN_SERVER("set_real_ip_from localhost; set_real_ip_from unix:;"));
    const struct forwarded_trust *t = &loaded_server(conf)->real_ip->trust;
    struct addr a;

    UNUSED(state);
    assert_null(addr_parse(SLICE("127.0.0.1"), 1, &a));
    assert_true(forwarded_is_trusted(t, &a));
    assert_null(addr_parse(SLICE("unix:/x"), 1, &a));
    assert_true(forwarded_is_trusted(t, &a));
    assert_null(addr_parse(SLICE("10.0.0.1"), 1, &a));
    assert_false(forwarded_is_trusted(t, &a));
    conf_free(&conf);
}

static void test_errors(void **state)
{
    static const struct loaded_case cases[] = {
        {"set_real_ip_from 10.0.0.0/33;",
         "host not found in set_real_ip_from \"10.0.0.0/33\" in code:1"},
        {"set_real_ip_from \"\";", "host not found in set_real_ip_from \"\" in code:1"},
        {"real_ip_header a; real_ip_header b;",
         "\"real_ip_header\" directive is duplicate in code:1; the first one is in code:1"},
        {"real_ip_recursive 1;", "invalid value \"1\" in \"real_ip_recursive\" directive, it must "
                                 "be \"on\" or \"off\" in code:1"},
        {"if ($uri) { set_real_ip_from ::1; }",
         "\"set_real_ip_from\" directive is not allowed here in code:1; it belongs in http, "
         "server, location, stream, server in stream"},
    };

    UNUSED(state);
    loaded_check(IN_SERVER("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherits),
        cmocka_unit_test(test_names_and_kinds),
        cmocka_unit_test(test_errors),
    };

    return LOADED_MAIN(tests);
}
