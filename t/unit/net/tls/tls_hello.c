/* What a hook sees of a ClientHello. */
#include "net/tls/tls_hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"
#include "loop/loop.h"
#include "net/tls/tls_info.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20, SERVER_NAME = 0, UNKNOWN = 0xfafa };

static struct tls_pair pair;
static unsigned versions[4];
static size_t name_size, session_size;
static bool has_unknown;

static enum tls_answer on_hello(struct stream *s)
{
    struct slice body = SLICE_EMPTY;

    for (unsigned i = 0; i < ARRAY_LEN(versions); i++)
        versions[i] = tls_hello_version(s, i);
    assert_true(tls_hello_extension(s, SERVER_NAME, &body));
    name_size = body.n;
    has_unknown = tls_hello_extension(s, UNKNOWN, &body);
    session_size = tls_hello_session_id(s).n;
    assert_true(slice_eq(tls_info_server_name(s), SLICE("localhost")));
    tls_hello_set_protocols(s, TLS_1_2);
    return TLS_GO_ON;
}

static void shake(unsigned protocols, unsigned of_server)
{
    static const struct tls_hooks hooks = {.on_hello = on_hello};

    tls_pair_init(&pair);
    pair.server_options.hooks = &hooks;
    pair.server_options.protocols = of_server;
    pair.client_options.protocols = protocols;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    assert_int_equal(tls_info_version_number(pair.server), 0x0303);
    tls_pair_close(&pair);
}

static void test_hello(void **state)
{
    UNUSED(state);
    shake(0, 0);
    assert_int_equal(versions[0], 0x0304);
    assert_int_equal(versions[1], 0x0303);
    assert_int_equal(versions[2], 0);
    assert_int_equal(name_size, 5 + 9);
    assert_int_equal(session_size, 0); /* its 32 bytes name nothing: it is of TLS 1.3 */
    assert_false(has_unknown);
    shake(TLS_1_2, 0);
    assert_int_equal(versions[0], 0x0303);
    assert_int_equal(versions[1], 0);
}

/* A hook may choose versions that the server's context does not speak. */
static void test_other_versions(void **state)
{
    UNUSED(state);
    shake(0, TLS_1_3);
    shake(0, TLS_1_0 | TLS_1_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),
        cmocka_unit_test(test_other_versions),
    };
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
