/* The handshakes are driven by hand, turn and turn about; a turn of the loop sends what they left.
 */
#include "t/lib/tls_pair.h"

#include "base/check.h"
#include "loop/loop.h"
#include "net/pair.h"

static void on_ready(struct stream *s, int events)
{
    UNUSED(s);
    UNUSED(events);
}

void tls_pair_init(struct tls_pair *p)
{
    static struct tls_credential server;

    server = certs_get(CERT_SERVER);
    *p = (struct tls_pair){
        .server_options = {.certs = &server, .n_certs = 1, .has_tickets = true},
        .client_options = {.trust = {.ca_pem = certs_get(CERT_CA).cert_pem}},
        .peer = {.server_name = SLICE("localhost")},
    };
}

void tls_pair_open_over(struct tls_pair *p)
{
    if (!p->server_ctx)
        CHECK(!tls_ctx_new_server(&p->server_options, NULL, &p->server_ctx));
    if (!p->client_ctx)
        CHECK(!tls_ctx_new_client(&p->client_options, NULL, &p->client_ctx));
    p->server = tls_accept(p->under[0], p->server_ctx);
    p->client = tls_connect(p->under[1], p->client_ctx, &p->peer);
    p->server->on_ready = p->client->on_ready = on_ready;
}

void tls_pair_open(struct tls_pair *p, size_t capacity)
{
    pair_new(p->under, capacity);
    tls_pair_open_over(p);
}

bool tls_pair_shake(struct tls_pair *p)
{
    for (int i = 0; i < 1000; i++) {
        p->client_result = tls_handshake(p->client);
        p->server_result = tls_handshake(p->server);
        loop_turn(false);
        if (!p->client_result && !p->server_result)
            return true;
        if (p->client_result == STREAM_FAILED && p->server_result != STREAM_AGAIN)
            return false;
        if (p->server_result == STREAM_FAILED && p->client_result != STREAM_AGAIN)
            return false;
    }
    return false;
}

void tls_pair_close(struct tls_pair *p)
{
    stream_close(&p->client, false);
    stream_close(&p->server, false);
    tls_ctx_unref(&p->server_ctx);
    tls_ctx_unref(&p->client_ctx);
}

void tls_pair_begin(struct tls_pair *p)
{
    loop_init(LOOP_BEST);
    tls_pair_init(p);
}

void tls_pair_end(struct tls_pair *p)
{
    tls_pair_close(p);
    loop_run();
    loop_deinit();
}

ssize_t tls_pair_put(struct stream *s, const char *text)
{
    struct iovec v = {(void *)(uintptr_t)text, strlen(text)};

    return stream_writev(s, &v, 1);
}
