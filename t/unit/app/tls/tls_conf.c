/* A level that says nothing shares what it inherits; one that speaks has a copy. */
#include "app/tls/tls_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void test_own(void **state)
{
    struct app_conf *conf = conf_new(SLICE("/p"), SLICE("c"));
    struct location http = {.tls = NULL}, server;
    struct tls_conf *of_http, *of_server;

    UNUSED(state);
    of_http = tls_conf_own(conf, &http);
    of_http->depth = 9;
    assert_ptr_equal(tls_conf_own(conf, &http), of_http);
    server = http;
    assert_ptr_equal(server.tls, of_http);
    of_server = tls_conf_own(conf, &server);
    assert_ptr_not_equal(of_server, of_http);
    assert_int_equal(of_server->depth, 9);
    of_server->depth = 1;
    assert_int_equal(of_http->depth, 9);
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_own)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
