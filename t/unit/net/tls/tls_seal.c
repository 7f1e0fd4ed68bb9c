/* Tickets under keys of a context: another server with the same keys opens them, one with others
 * makes a full handshake. */
#include "net/tls/tls_seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "loop/loop.h"
#include "net/tls/tls_info.h"
#include "net/tls/tls_tickets.h"
#include "t/lib/tls_pair.h"

enum { ROOM = 1 << 20 };

static struct tls_pair pair;
static struct tls_ticket_key keys[2];

static void make_keys(uint8_t size)
{
    for (int i = 0; i < 2; i++) {
        memset(&keys[i], 'a' + i, sizeof(keys[i]));
        keys[i].size = size;
    }
}

/* A session of a server with the keys from `first` on, resumed by one with those from `then` on. */
static bool is_resumed(unsigned first, unsigned then, unsigned n)
{
    struct tls_session *session;
    bool is;

    tls_pair_init(&pair);
    pair.server_options.ticket_keys = keys + first;
    pair.server_options.n_ticket_keys = 1;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    loop_turn(false);
    assert_int_equal(stream_read(pair.client, (char[1]){0}, 1), STREAM_AGAIN);
    session = tls_take_session(pair.client);
    assert_non_null(session);
    tls_pair_close(&pair);
    tls_pair_init(&pair);
    pair.server_options.ticket_keys = keys + then;
    pair.server_options.n_ticket_keys = n;
    pair.peer.session = session;
    tls_pair_open(&pair, ROOM);
    assert_true(tls_pair_shake(&pair));
    is = tls_info_is_resumed(pair.server);
    tls_session_free(&session);
    tls_pair_close(&pair);
    return is;
}

static void test_keys(void **state)
{
    UNUSED(state);
    for (uint8_t size = 16; size <= 32; size += 16) {
        make_keys(size);
        assert_true(is_resumed(0, 0, 1));
        assert_true(is_resumed(1, 0, 2)); /* opens with the second */
        assert_false(is_resumed(0, 1, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys)};
    int failed;

    loop_init(LOOP_BEST);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    loop_run();
    loop_deinit();
    certs_free();
    return failed;
}
