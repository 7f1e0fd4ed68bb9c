/* ssl_ directives: values, inheritance of lists, what is refused. */
#include "../loaded.h"

#include "app/tls/tls_conf.h"

#define IN_TWO_LEVELS(http, server) "events {} http { " http " server { " server " } }"

static void test_values(void **state)
{
    struct app_conf *conf = loaded(IN_TWO_LEVELS(
        "ssl_certificate a; ssl_certificate b; ssl_certificate_key c; ssl_protocols TLSV1.2;",
        "ssl_certificate d; ssl_verify_client optional_no_ca; ssl_verify_depth 3; "
        "ssl_session_timeout 1m; ssl_buffer_size 4k; ssl_session_tickets off; ssl_ecdh_curve "
        "X25519; "
        "ssl_prefer_server_ciphers on; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; "
        "ssl_reject_handshake on;"));
    const struct tls_conf *own = loaded_server(conf)->tls, *http = conf->http->tls;

    UNUSED(state);
    assert_int_equal(http->n_certs, 2);
    assert_int_equal(own->n_certs, 1);
    assert_string_equal(own->certs[0].path, "./d");
    assert_int_equal(own->n_keys, 1);
    assert_string_equal(own->keys[0].path, "./c");
    assert_int_equal(own->protocols, TLS_1_2);
    assert_int_equal(own->check, TLS_CHECK_OPTIONAL_NO_CA);
    assert_int_equal(own->depth, 3);
    assert_int_equal(own->session_timeout, 60000);
    assert_int_equal(own->buffer_size, 4096);
    assert_string_equal(own->curves, "X25519");
    assert_int_equal(own->n_commands, 1);
    assert_string_equal(own->commands[0].value, "TLS_AES_128_GCM_SHA256");
    assert_true(own->prefers_own_ciphers && own->rejects && !own->has_tickets);
    assert_true(http->has_tickets && !http->rejects);
    conf_free(&conf);
}

static void test_refused(void **state)
{
    static const struct loaded_case cases[] = {
        {"ssl_protocols TLSv9;", "invalid value \"TLSv9\" in code:1"},
        {"ssl_protocols SSLv3;", "no protocol of \"ssl_protocols\" is spoken in code:1"},
        {"ssl_conf_command Nonsense 1;",
         "SSL_CONF_cmd(\"Nonsense\", \"1\") failed: unknown cmd name (cmd=Nonsense) in code:1"},
        {"ssl_password_file /nonexistent;", "cannot read \"/nonexistent\": not found in code:1"},
        {"ssl_session_ticket_key /etc/passwd;", "\"/etc/passwd\" must be 48 or 80 bytes in code:1"},
    };

    UNUSED(state);
    loaded_check("events {} http { server { %s } }", cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, loaded_set_up, loaded_tear_down),
        cmocka_unit_test_setup_teardown(test_refused, loaded_set_up, loaded_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
