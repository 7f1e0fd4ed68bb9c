/* A WebSocket of HTTP/2 has no key: where only one side has one, we make it up for the server, or
 * answer the client's ourselves. */
#include "app/proxy/proxy_switch.h"

#include "base/encode.h"
#include "base/rand.h"
#include "http/detached.h"
#include "http/ws/ws_upgrade.h"
#include "proto/http1_write.h"
#include "proto/ws_handshake.h"

enum { KEY_BYTES = 16 };

#define ACCEPT SLICE("Sec-WebSocket-Accept")

static struct slice new_key(struct pool *pool)
{
    char bytes[KEY_BYTES];
    struct buf b = BUF_EMPTY;
    struct slice made;

    rand_bytes(bytes, sizeof(bytes));
    encode_base64(&b, slice_of(bytes, sizeof(bytes)), false, true);
    made = pool_dup(pool, buf_slice(&b));
    buf_free(&b);
    return made;
}

/* --- the request --- */

bool proxy_switch_prepare(struct proxy *p)
{
    struct exchange *x = p->v->x;

    if (x->req.method != METHOD_CONNECT)
        return true;
    if (!ws_upgrade_is_extended(x))
        return false;
    if (!header_find_id(&x->req.headers, HEADER_UPGRADE))
        header_add_id(&x->req.headers, &x->pool, HEADER_UPGRADE, SLICE("websocket"));
    return true;
}

/* To a server of HTTP/2. */
static void extend(struct client_request *out)
{
    out->method = METHOD_CONNECT;
    out->method_token = method_name(METHOD_CONNECT);
    out->protocol = SLICE("websocket");
    out->source = CLIENT_NO_BODY;
    (void)header_remove_id(&out->headers, HEADER_SEC_WEBSOCKET_KEY);
}

/* To a server of HTTP/1.1. */
static void unextend(struct proxy *p, struct client_request *out)
{
    out->method = METHOD_GET;
    out->method_token = method_name(METHOD_GET);
    p->ws_key = new_key(&p->up->pool);
    (void)header_remove_id(&out->headers, HEADER_SEC_WEBSOCKET_KEY);
    header_add_id(&out->headers, &p->up->pool, HEADER_SEC_WEBSOCKET_KEY, p->ws_key);
}

bool proxy_switch_request(struct proxy *p)
{
    struct client_request *out = &p->up->req;
    const struct header *upgrade = header_find_id(&out->headers, HEADER_UPGRADE);
    bool is_asked = upgrade && header_has_token(out->connection, SLICE("upgrade"));
    bool is_websocket = is_asked && slice_ieq(upgrade->value, SLICE("websocket"));

    if (ws_upgrade_is_extended(p->v->x) && !is_websocket)
        return false;
    if (p->conf->is_h2) {
        (void)header_remove_id(&out->headers, HEADER_UPGRADE);
        if (ws_upgrade_is_extended(p->v->x) ||
            (is_websocket && ws_handshake_is_upgrade(p->v->x->req.method, &p->v->x->req.headers)))
            extend(out);
        return true;
    }
    if (ws_upgrade_is_extended(p->v->x))
        unextend(p, out);
    out->is_upgrade = is_asked;
    return true;
}

/* --- the answer --- */

bool proxy_switch_is_due(const struct proxy *p)
{
    const struct client_exchange *up = p->up;

    if (up->req.protocol.n)
        return up->res.status >= 200 && up->res.status < 300;
    return up->res.status == 101;
}

/* The server's answer to a key that we made up. */
static bool is_accepted(const struct proxy *p)
{
    const struct header *h = header_find(&p->up->res.headers, ACCEPT);

    return !p->ws_key.n ||
           (h && slice_eq(h->value, ws_upgrade_accept_value(&p->up->pool, p->ws_key)));
}

/* The answer as the client is to get it, without what concerns its connection. */
static void make_answer(struct proxy *p)
{
    struct exchange *x = p->v->x;
    const struct header *upgrade = header_find_id(&p->up->res.headers, HEADER_UPGRADE);
    const struct header *key = header_find_id(&x->req.headers, HEADER_SEC_WEBSOCKET_KEY);

    proxy_response_take(p, &p->up->res);
    x->res.content_length = -1;
    if (ws_upgrade_is_extended(x)) {
        x->res.status = 200;
        x->res.reason = SLICE_EMPTY;
        (void)header_remove(&x->res.headers, ACCEPT);
        return;
    }
    x->res.status = 101;
    header_add_id(&x->res.headers, &x->pool, HEADER_UPGRADE,
                  upgrade ? upgrade->value : SLICE("websocket"));
    if (p->up->req.protocol.n && key) {
        x->res.reason = SLICE_EMPTY;
        header_add(&x->res.headers, &x->pool, ACCEPT,
                   ws_upgrade_accept_value(&x->pool, key->value));
    }
}

bool proxy_switch_take(struct proxy *p, struct tunnel_side *server)
{
    if (!is_accepted(p))
        return false;
    make_answer(p);
    server->in = BUF_EMPTY;
    server->stream = client_exchange_detach(p->up, &server->in, &server->out);
    return server->stream != NULL;
}

/* --- both --- */

static void add_head(struct exchange *x, struct outq *out)
{
    struct http1_response_head h = {.status = 101, .content_length = -1, .is_upgrade = true};
    struct buf head = BUF_EMPTY;

    h.reason = x->res.reason;
    h.headers = &x->res.headers;
    http1_write_head(&head, &h);
    outq_add(out, head.p, head.n);
    buf_free(&head);
}

bool proxy_switch_join(struct exchange *x, struct tunnel_side *server, uint64_t idle)
{
    struct tunnel_side client = {.in = BUF_EMPTY};
    struct outq head;

    outq_init(&head);
    outq_init(&client.out);
    x->res.is_tunnel = ws_upgrade_is_extended(x);
    if (x->res.is_tunnel)
        exchange_start(x);
    else
        add_head(x, &head);
    client.stream = detached_take(x, &client.in, &client.out);
    if (client.stream) {
        outq_append(&client.out, &head);
        (void)tunnel_start(&client, server, &(struct tunnel_options){.idle = idle});
        return true;
    }
    outq_clear(&head);
    stream_close(&server->stream, true);
    buf_free(&server->in);
    outq_clear(&server->out);
    return false;
}
