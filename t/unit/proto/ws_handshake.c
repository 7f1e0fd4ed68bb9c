/* The opening handshake: requests, keys, protocols, and what is agreed on about compression. */
#include "proto/ws_handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pool pool;

/* "Name: value" lines. */
static struct header_list fields(const char *text)
{
    struct header_list l = {NULL, 0, 0};
    struct slice rest = slice_str(text);

    while (rest.p && rest.n > 0) {
        struct slice value = slice_cut(&rest, '\n');
        struct slice name = slice_cut(&value, ':');

        header_add(&l, &pool, name, slice_trim(value));
    }
    return l;
}

static void test_is_upgrade(void **state)
{
    static const struct {
        enum method method;
        const char *headers;
        bool is;
    } rows[] = {
        {METHOD_GET, "Upgrade: websocket\nConnection: Upgrade", true},
        {METHOD_GET, "Upgrade: h2c, WebSocket\nConnection: keep-alive, upgrade", true},
        {METHOD_GET, "Upgrade: websocket\nConnection: keep-alive\nConnection: upgrade", true},
        {METHOD_POST, "Upgrade: websocket\nConnection: Upgrade", false},
        {METHOD_GET, "Upgrade: websocket", false},
        {METHOD_GET, "Connection: upgrade", false},
        {METHOD_GET, "Upgrade: websockets\nConnection: Upgrade", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = fields(rows[i].headers);

        assert_int_equal(ws_handshake_is_upgrade(rows[i].method, &l), rows[i].is);
    }
}

static void test_check(void **state)
{
#define VERSION "Sec-WebSocket-Version: 13\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        {VERSION KEY, 0},
        {KEY, 426},
        {"Sec-WebSocket-Version: 8\n" KEY, 426},
        {VERSION, 400},
        {VERSION "Sec-WebSocket-Key: short", 400},
        {VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ", 400},
        {VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==", 400},
        {VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZ-Bub25jZQ==", 400},
        {VERSION KEY "\n" KEY, 400},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = fields(rows[i].headers);
        struct slice key;
        const char *reason = NULL;

        assert_int_equal(ws_handshake_check(&l, &key, &reason), rows[i].status);
        assert_true(rows[i].status == 0 ? key.n == WS_KEY_SIZE : reason != NULL);
    }
}

static void test_accept_input(void **state)
{
    struct buf b = BUF_EMPTY;

    (void)state;
    ws_handshake_accept_input(&b, SLICE("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_string_equal(buf_cstr(&b),
                        "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    buf_free(&b);
}

static bool is_known(struct slice name, void *user)
{
    return slice_eq(name, slice_str(user));
}

static void test_protocol(void **state)
{
    struct header_list l =
        fields("Sec-WebSocket-Protocol: chat, v2.chat\nsec-websocket-protocol: soap,,\"x\"");

    (void)state;
    assert_int_equal(ws_handshake_protocol(&l, is_known, "v2.chat").n, 7);
    assert_int_equal(ws_handshake_protocol(&l, is_known, "soap").n, 4);
    assert_null(ws_handshake_protocol(&l, is_known, "x").p);
    assert_null(ws_handshake_protocol(&l, is_known, "Chat").p);
}

#define EXT "Sec-WebSocket-Extensions: "
#define PMD "permessage-deflate"

static void test_server_answers(void **state)
{
    static const struct ws_deflate_wish plain = {.is_wanted = true},
                                        thrifty = {true, true, true, 12, 10}, none = {0};
    static const struct {
        const char *headers;
        const struct ws_deflate_wish *wish;
        const char *answer; /* NULL: no compression */
        unsigned out_bits, in_bits;
    } rows[] = {
        {EXT PMD, &plain, PMD, 15, 15},
        {EXT PMD "; client_max_window_bits", &plain, PMD, 15, 15},
        {EXT PMD "; client_max_window_bits=10", &plain, PMD "; client_max_window_bits=10", 15, 10},
        {EXT PMD "; server_max_window_bits=10", &plain, PMD "; server_max_window_bits=10", 10, 15},
        {EXT PMD "; server_max_window_bits=\"11\"", &plain, PMD "; server_max_window_bits=11", 11,
         15},
        {EXT PMD "; server_no_context_takeover", &plain, PMD "; server_no_context_takeover", 15,
         15},
        {EXT PMD "; client_no_context_takeover", &plain, PMD "; client_no_context_takeover", 15,
         15},
        {EXT "foo, " PMD, &plain, PMD, 15, 15},
        {EXT "foo\n" EXT PMD, &plain, PMD, 15, 15},
        {EXT PMD "; server_max_window_bits=8, " PMD, &plain, PMD, 15, 15},
        {EXT PMD "; server_max_window_bits=8", &plain, NULL, 0, 0},
        {EXT PMD "; server_max_window_bits=16", &plain, NULL, 0, 0},
        {EXT PMD "; server_max_window_bits=010", &plain, NULL, 0, 0},
        {EXT PMD "; server_max_window_bits", &plain, NULL, 0, 0},
        {EXT PMD "; client_max_window_bits=7", &plain, NULL, 0, 0},
        {EXT PMD "; server_no_context_takeover=1", &plain, NULL, 0, 0},
        {EXT PMD "; server_no_context_takeover; server_no_context_takeover", &plain, NULL, 0, 0},
        {EXT PMD "; unknown", &plain, NULL, 0, 0},
        {EXT PMD ";", &plain, NULL, 0, 0},
        {EXT "x-webkit-deflate-frame", &plain, NULL, 0, 0},
        {EXT PMD, &none, NULL, 0, 0},
        {"A: b", &plain, NULL, 0, 0},
        {EXT PMD "; client_max_window_bits", &thrifty,
         PMD "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; "
             "client_max_window_bits=10",
         12, 10},
        {EXT PMD, &thrifty,
         PMD "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12",
         12, 15},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = fields(rows[i].headers);
        struct ws_deflate_params p = {0};
        struct buf b = BUF_EMPTY;
        bool is = ws_handshake_accept_deflate(&l, rows[i].wish, &p, &b);

        if (is != (rows[i].answer != NULL) || (is && strcmp(buf_cstr(&b), rows[i].answer) != 0))
            fail_msg("%s: %s", rows[i].headers, buf_cstr(&b));
        assert_int_equal(p.out_bits, rows[i].out_bits);
        assert_int_equal(p.in_bits, rows[i].in_bits);
        buf_free(&b);
    }
}

static void test_client_offers(void **state)
{
    static const struct ws_deflate_wish plain = {.is_wanted = true},
                                        thrifty = {true, true, true, 12, 10};
    struct buf b = BUF_EMPTY;

    (void)state;
    ws_handshake_offer_deflate(&plain, &b);
    assert_string_equal(buf_cstr(&b), PMD "; client_max_window_bits");
    b.n = 0;
    ws_handshake_offer_deflate(&thrifty, &b);
    assert_string_equal(buf_cstr(&b),
                        PMD "; server_no_context_takeover; client_no_context_takeover; "
                            "server_max_window_bits=10; client_max_window_bits=12");
    buf_free(&b);
}

static void test_client_reads(void **state)
{
    static const struct ws_deflate_wish plain = {.is_wanted = true},
                                        thrifty = {true, false, true, 12, 10}, none = {0};
    static const struct {
        const char *headers;
        const struct ws_deflate_wish *wish;
        bool is_good, is_agreed;
        unsigned out_bits, in_bits;
    } rows[] = {
        {"A: b", &plain, true, false, 0, 0},
        {EXT PMD, &plain, true, true, 15, 15},
        {EXT PMD "; client_max_window_bits=11; server_max_window_bits=9", &plain, true, true, 11,
         9},
        {EXT PMD "; server_max_window_bits=8", &plain, true, true, 15, 9},
        {EXT PMD "; client_max_window_bits=8", &plain, false, false, 0, 0},
        {EXT PMD "; client_max_window_bits", &plain, false, false, 0, 0},
        {EXT PMD, &none, false, false, 0, 0},
        {EXT "foo", &plain, false, false, 0, 0},
        {EXT PMD ", " PMD, &plain, false, false, 0, 0},
        {EXT PMD "; server_max_window_bits=10", &thrifty, false, false, 0, 0},
        {EXT PMD "; server_no_context_takeover; server_max_window_bits=11", &thrifty, false, false,
         0, 0},
        {EXT PMD "; server_no_context_takeover; server_max_window_bits=10", &thrifty, true, true,
         12, 10},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct header_list l = fields(rows[i].headers);
        struct ws_deflate_params p = {0};
        bool is_agreed, is_good = ws_handshake_read_deflate(&l, rows[i].wish, &p, &is_agreed);

        if (is_good != rows[i].is_good)
            fail_msg("%s", rows[i].headers);
        if (!is_good)
            continue;
        assert_int_equal(is_agreed, rows[i].is_agreed);
        assert_int_equal(p.out_bits, rows[i].out_bits);
        assert_int_equal(p.in_bits, rows[i].in_bits);
    }
}

static int setup(void **state)
{
    (void)state;
    pool_init(&pool, NULL, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pool_reset(&pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_upgrade),     cmocka_unit_test(test_check),
        cmocka_unit_test(test_accept_input),   cmocka_unit_test(test_protocol),
        cmocka_unit_test(test_server_answers), cmocka_unit_test(test_client_offers),
        cmocka_unit_test(test_client_reads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
