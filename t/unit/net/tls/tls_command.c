/* Settings by the library's own names: obeyed, refused, and what a context with them does. */
#include "net/tls/tls_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "loop/loop.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static void test_checked(void **state)
{
    static const struct {
        struct tls_command command;
        enum tls_role role;
        bool is_fine, is_path;
    } rows[] = {
        {{"MinProtocol", "TLSv1.2"}, TLS_ROLE_SERVER, true, false},
        {{"minprotocol", "TLSv1.3"}, TLS_ROLE_CLIENT, true, false},
        {{"MinProtocol", "TLSv9"}, TLS_ROLE_SERVER, false, false},
        {{"NoSuch", "x"}, TLS_ROLE_SERVER, false, false},
        {{"VerifyMode", "Peer"}, TLS_ROLE_CLIENT, true, false},
        {{"Ciphersuites", "TLS_AES_128_GCM_SHA256"}, TLS_ROLE_SERVER, true, false},
        {{"Ciphersuites", "NONE_SUCH"}, TLS_ROLE_SERVER, false, false},
        {{"Certificate", "/none/there.pem"}, TLS_ROLE_SERVER, false, true},
    };

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf why = BUF_EMPTY;
        const struct err *e = tls_command_check(&rows[i].command, rows[i].role, &why);

        assert_ptr_equal(e, rows[i].is_fine ? NULL : &err_tls_material);
        assert_int_equal(why.n == 0, rows[i].is_fine);
        assert_int_equal(tls_command_takes_path(rows[i].command.name), rows[i].is_path);
        buf_free(&why);
    }
}

static void test_obeyed(void **state)
{
    static const struct tls_command most[] = {{"MaxProtocol", "TLSv1.2"},
                                              {"CipherString", "ECDHE-ECDSA-AES256-GCM-SHA384"}};
    struct tls_pair pair;

    UNUSED(state);
    tls_pair_init(&pair);
    pair.server_options.commands = most;
    pair.server_options.n_commands = ARRAY_LEN(most);
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_true(slice_eq(tls_info_version(pair.client), SLICE("TLSv1.2")));
    assert_true(slice_eq(tls_info_cipher(pair.client), SLICE("ECDHE-ECDSA-AES256-GCM-SHA384")));
    tls_pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_obeyed),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
