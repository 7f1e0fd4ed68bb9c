/* The last thing that a connection of a server without HTTP does here: its stream leaves, and the
 * connection ends with the turn. */
#include "http/server/server_handover.h"

#include "base/log.h"
#include "base/mem.h"
#include "proto/proxy_proto.h"

static void on_readable(struct server_conn *c)
{
    UNUSED(c); /* on_work follows */
}

static void on_work(struct server_conn *c)
{
    struct server *server = c->server;
    struct server_stream about = {.id = c->id, .since_ms = c->since, .passes = c->passes};
    struct addr peer = {.len = 0};
    struct buf in = BUF_EMPTY;
    struct proxy_proto *said = c->proxied;
    struct stream *s;
    struct outq out;

    if (!server_conn_peer(c, &peer))
        peer.storage.ss_family = AF_UNIX;
    about.proxy = said;
    c->proxied = NULL; /* it would go with the connection */
    outq_init(&out);
    s = server_conn_detach(c, &in, &out);
    about.peer = &peer;
    about.in = buf_slice(&in);
    server->on_stream(server, s, &about);
    buf_free(&in);
    outq_clear(&out);
    mem_free(said);
}

static void on_expired(struct server_conn *c, enum server_conn_wait what)
{
    UNUSED(what);
    server_conn_close(c);
}

static void on_close_all(struct server_conn *c)
{
    server_conn_reset(c);
}

const struct server_conn_protocol server_handover_protocol = {
    .on_readable = on_readable,
    .on_work = on_work,
    .on_expired = on_expired,
    .on_close_all = on_close_all,
};
