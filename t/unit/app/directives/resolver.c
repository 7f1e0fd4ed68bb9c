/* resolver, resolver_timeout: what is read, what is refused, who shares a resolver. */
#include "../loaded.h"

#include "app/location_resolver.h"

static void test_values(void **state)
{
    struct app_conf *conf =
        loaded("events {} http { resolver 127.0.0.1:5353 [::1] 10.0.0.1 valid=30s ipv6=off; "
               "server { location /a { } location /b { resolver_timeout 2s; } "
               "location /c { resolver 10.9.9.9; } } }");
    const struct location *a = loaded_location(conf, 0), *b = loaded_location(conf, 1),
                          *c = loaded_location(conf, 2);
    const struct resolver_options *o;

    UNUSED(state);
    o = resolver_settings(location_resolver_of(a));
    assert_string_equal(o->servers, "127.0.0.1:5353,[::1]:53,10.0.0.1:53");
    assert_int_equal(o->min_ttl, 30);
    assert_int_equal(o->max_ttl, 30);
    assert_false(o->has_ipv6);
    assert_int_equal(o->total_timeout, 30000);
    assert_ptr_equal(location_resolver_of(a), location_resolver_of(loaded_server(conf)));
    assert_ptr_not_equal(location_resolver_of(a), location_resolver_of(b));
    assert_int_equal(resolver_settings(location_resolver_of(b))->total_timeout, 2000);
    o = resolver_settings(location_resolver_of(c));
    assert_string_equal(o->servers, "10.9.9.9:53");
    assert_true(o->has_ipv6);
    assert_int_equal(o->max_ttl, 86400);
    conf_free(&conf);
    conf = loaded("events {} http { resolver local=on; server { location /a { } "
                  "location /b { resolver local=/dev/null ipv6=off; } } }");
    o = resolver_settings(location_resolver_of(loaded_location(conf, 0)));
    assert_null(o->servers);
    assert_null(o->resolv_conf);
    o = resolver_settings(location_resolver_of(loaded_location(conf, 1)));
    assert_null(o->servers);
    assert_string_equal(o->resolv_conf, "/dev/null");
    assert_false(o->has_ipv6);
    conf_free(&conf);
}

static void test_default(void **state)
{
    struct app_conf *conf = loaded(IN_LOCATION(""));

    UNUSED(state);
    assert_ptr_equal(location_resolver_of(loaded_location(conf, 0)), resolver_default());
    conf_free(&conf);
}

static void test_checks(void **state)
{
    static const struct loaded_case cases[] = {
        {"resolver 127.0.0.1 valid=1s ipv6=on ipv4=on; resolver_timeout 5s;", NULL},
        {"resolver dns.example;", "\"dns.example\" in \"resolver\" directive is not an IP address "
                                  "with or without a port in code:1"},
        {"resolver 127.0.0.1:99999;", "\"127.0.0.1:99999\" in \"resolver\" directive is not an IP "
                                      "address with or without a port in code:1"},
        {"resolver local=off 127.0.0.1;", NULL},
        {"resolver local=off;", "no name servers in \"resolver\" directive in code:1"},
        {"resolver local=/none;",
         "\"/none\" cannot be read (2: No such file or directory) in code:1"},
        {"resolver local=on 127.0.0.1;",
         "name servers beside \"local=\" in \"resolver\" directive in code:1"},
        {"resolver valid=1s;", "no name servers in \"resolver\" directive in code:1"},
        {"resolver 127.0.0.1 valid=x;",
         "invalid parameter: valid=x in code:1; syntax: resolver address[:port] … | local=on|file "
         "[valid=time] [ipv6=on|off];"},
        {"resolver 127.0.0.1 ipv6=maybe;",
         "invalid parameter: ipv6=maybe in code:1; syntax: resolver address[:port] … | "
         "local=on|file [valid=time] [ipv6=on|off];"},
    };

    UNUSED(state);
    loaded_check(IN_SERVER("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_checks),
    };

    return LOADED_MAIN(tests);
}
