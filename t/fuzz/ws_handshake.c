/* Fields of WebSocket handshakes: the value of Sec-WebSocket-Extensions as a server and as a client
 * reads it, of Sec-WebSocket-Key and of Sec-WebSocket-Protocol. What is agreed on must be what zlib
 * can keep, and our own answer must be one that we would accept. */
#include "proto/ws_handshake.h"

#include "base/check.h"

static bool is_known(struct slice name, void *user)
{
    CHECK(header_is_name(name));
    return user != NULL && name.n > 3;
}

static void check_params(const struct ws_deflate_params *p)
{
    CHECK(p->out_bits >= 9 && p->out_bits <= 15 && p->in_bits >= 9 && p->in_bits <= 15);
}

static void answer(const struct header_list *headers, struct pool *pool,
                   const struct ws_deflate_wish *wish)
{
    struct ws_deflate_params p, back;
    struct header_list reply = {NULL, 0, 0};
    struct ws_deflate_wish any = {.is_wanted = true};
    struct buf b = BUF_EMPTY;
    bool is_agreed;

    if (ws_handshake_accept_deflate(headers, wish, &p, &b)) {
        check_params(&p);
        header_add(&reply, pool, SLICE("Sec-WebSocket-Extensions"), buf_slice(&b));
        CHECK(ws_handshake_read_deflate(&reply, &any, &back, &is_agreed) && is_agreed);
        CHECK(back.in_bits == p.out_bits && back.in_no_takeover == p.out_no_takeover);
    }
    buf_free(&b);
    if (ws_handshake_read_deflate(headers, wish, &p, &is_agreed) && is_agreed)
        check_params(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header_list headers = {NULL, 0, 0};
    struct slice value = slice_of((const char *)data + 1, size - 1), key;
    struct ws_deflate_wish wish = {.is_wanted = true};
    struct pool pool;
    const char *reason;

    if (size < 1)
        return 0;
    wish.out_no_takeover = data[0] & 1;
    wish.in_no_takeover = data[0] & 2;
    wish.out_bits = (uint8_t)(9 + (data[0] >> 2) % 7);
    wish.in_bits = (uint8_t)(9 + (data[0] >> 5) % 7);
    pool_init(&pool, NULL, 0);
    header_add(&headers, &pool, SLICE("Sec-WebSocket-Extensions"), value);
    header_add(&headers, &pool, SLICE("Sec-WebSocket-Protocol"), value);
    header_add(&headers, &pool, SLICE("Sec-WebSocket-Version"), SLICE("13"));
    header_add(&headers, &pool, SLICE("Sec-WebSocket-Key"), value);
    answer(&headers, &pool, &wish);
    (void)ws_handshake_protocol(&headers, is_known, &wish);
    CHECK(ws_handshake_check(&headers, &key, &reason) != 0 || key.n == WS_KEY_SIZE);
    pool_reset(&pool);
    return 0;
}
