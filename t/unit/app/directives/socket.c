/* lua_socket_*: read, inherited, refused. */
#include "../loaded.h"

#include "base/log.h"
#include "net/tls/tls_command.h"
#include "net/tls/tls_ctx.h"

static void test_inherited(void **state)
{
    struct app_conf *conf = loaded(
        IN_SERVER("lua_socket_read_timeout 5s; lua_socket_pool_size 7; lua_socket_log_errors off; "
                  "location / { } location /o { lua_socket_read_timeout 10ms; "
                  "lua_socket_keepalive_timeout 0; }"));
    const struct socket_conf *first = &loaded_location(conf, 0)->sockets,
                             *second = &loaded_location(conf, 1)->sockets;

    UNUSED(state);
    assert_int_equal(first->read_timeout, 5000);
    assert_int_equal(first->connect_timeout, 60000);
    assert_int_equal(first->keepalive_timeout, 60000);
    assert_int_equal(first->pool_size, 7);
    assert_false(first->log_errors);
    assert_int_equal(second->read_timeout, 10);
    assert_int_equal(second->keepalive_timeout, 0);
    assert_int_equal(second->pool_size, 7);
    conf_free(&conf);
}

static void test_tls(void **state)
{
    struct app_conf *conf = loaded(
        IN_SERVER("lua_ssl_conf_command MinProtocol TLSv1.2; lua_ssl_conf_command Options -Bugs; "
                  "lua_ssl_protocols SSLv3; location / { lua_ssl_key_log /tmp/a/k; } "
                  "location /o { lua_ssl_conf_command MaxProtocol TLSv1.3; }"));
    const struct socket_conf *first = &loaded_location(conf, 0)->sockets,
                             *second = &loaded_location(conf, 1)->sockets;

    UNUSED(state);
    assert_int_equal(first->commands->n, 2);
    assert_string_equal(first->commands->all[1].name, "Options");
    assert_int_equal(first->protocols, TLS_NEVER);
    assert_string_equal(first->key_log->path, "/tmp/a/k");
    assert_int_equal(second->commands->n, 1);
    assert_string_equal(second->commands->all[0].value, "TLSv1.3");
    assert_null(second->key_log);
    conf_free(&conf);
}

static void test_refused(void **state)
{
    static const struct loaded_case cases[] = {
        {"lua_socket_pool_size 1;", NULL},
        {"lua_ssl_conf_command Nothing 1;",
         "SSL_CONF_cmd(\"Nothing\", \"1\") failed: unknown cmd name (cmd=Nothing) in code:1"},
        {"lua_socket_pool_size 0;", "invalid number: a pool has room for 1 at least in code:1"},
    };

    UNUSED(state);
    loaded_check(IN_HTTP("%s"), cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_refused),
    };

    return LOADED_MAIN(tests);
}
