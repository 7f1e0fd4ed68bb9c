/* The answer is an ordinary response head that goes through the filters and the transport; then the
 * exchange hands its connection (or its HTTP/2 stream) over. What the client has sent behind its
 * request is input of the WebSocket. */
#include "http/ws/ws_upgrade.h"

#include "base/encode.h"
#include "net/tls/tls_digest.h"

enum { STATUS_SWITCHING = 101, STATUS_UPGRADE_REQUIRED = 426 };

bool ws_upgrade_is_connect(const struct exchange *x)
{
    return x->req.method == METHOD_CONNECT && slice_eq(x->req.protocol, SLICE("websocket"));
}

bool ws_upgrade_is_asked(const struct exchange *x)
{
    return ws_upgrade_is_connect(x) || ws_handshake_is_upgrade(x->req.method, &x->req.headers);
}

static void add(struct exchange *x, struct slice name, struct slice value)
{
    header_add(&x->res.headers, &x->pool, name, value);
}

/* RFC 8441 has no key: only the version is looked at. */
static int check_version(const struct exchange *x, const char **reason_out)
{
    const struct header *h = header_find(&x->req.headers, SLICE("Sec-WebSocket-Version"));

    if (h && slice_eq(h->value, SLICE("13")))
        return 0;
    *reason_out = "another version than 13";
    return STATUS_UPGRADE_REQUIRED;
}

int ws_upgrade_check(struct exchange *x, const char **reason_out)
{
    struct slice key;
    int status;

    if (!ws_upgrade_is_asked(x)) {
        *reason_out = "not a request for a WebSocket";
        return 400;
    }
    if (ws_upgrade_is_connect(x))
        status = check_version(x, reason_out);
    else if (x->req.version_minor == 0) {
        *reason_out = "HTTP/1.0";
        return 400;
    } else if (x->req.content_length > 0 || x->req.has_unsized_body) {
        *reason_out = "a request with a body"; /* it would be read as frames */
        return 400;
    } else
        status = ws_handshake_check(&x->req.headers, &key, reason_out);
    if (status == STATUS_UPGRADE_REQUIRED) {
        add(x, SLICE("Sec-WebSocket-Version"), SLICE("13"));
        if (!ws_upgrade_is_connect(x)) /* HTTP/2 has no such field */
            header_add_id(&x->res.headers, &x->pool, HEADER_UPGRADE, SLICE("websocket"));
    }
    return status;
}

/* RFC 6455 section 4.2.2, item 5.4. */
static void add_accept(struct exchange *x)
{
    const struct header *key = header_find_id(&x->req.headers, HEADER_SEC_WEBSOCKET_KEY);
    unsigned char digest[TLS_DIGEST_SHA1];
    struct buf b = BUF_EMPTY;

    ws_handshake_accept_input(&b, key->value);
    tls_digest_sha1(b.p, b.n, digest);
    b.n = 0;
    encode_base64(&b, slice_of((const char *)digest, sizeof digest), false, true);
    header_add_id(&x->res.headers, &x->pool, HEADER_UPGRADE, SLICE("websocket"));
    add(x, SLICE("Sec-WebSocket-Accept"), pool_dup(&x->pool, buf_slice(&b)));
    buf_free(&b);
}

static void add_deflate(struct exchange *x, const struct ws_deflate_wish *wish,
                        struct ws_options *options)
{
    struct buf b = BUF_EMPTY;

    options->has_deflate =
        ws_handshake_accept_deflate(&x->req.headers, wish, &options->deflate, &b);
    if (options->has_deflate)
        add(x, SLICE("Sec-WebSocket-Extensions"), pool_dup(&x->pool, buf_slice(&b)));
    buf_free(&b);
}

struct ws_conn *ws_upgrade_accept(struct exchange *x, struct slice protocol,
                                  const struct ws_deflate_wish *wish, struct ws_options *options)
{
    bool is_connect = ws_upgrade_is_connect(x);
    struct buf in = BUF_EMPTY;
    struct ws_conn *c = NULL;
    struct stream *s;
    struct outq out;

    x->res.status = is_connect ? 200 : STATUS_SWITCHING;
    x->res.content_length = -1;
    x->res.is_tunnel = is_connect;
    if (!is_connect)
        add_accept(x);
    if (protocol.p)
        add(x, SLICE("Sec-WebSocket-Protocol"), protocol);
    add_deflate(x, wish, options);
    exchange_start(x);
    outq_init(&out);
    s = exchange_detach(x, &in, &out);
    if (s)
        c = ws_conn_open(s, &in, &out, options);
    buf_free(&in);
    outq_clear(&out);
    return c;
}
