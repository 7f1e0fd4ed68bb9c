/* `Upgrade: h2c` (RFC 7540 section 3.2; RFC 9113 has dropped it, clients still use it).
 *
 * A server may ignore an upgrade, which is done with whatever is not quite right, and with requests
 * that have a body: it would have to be taken whole first. */
#include "http/server/server_h2_upgrade.h"

#include "base/encode.h"
#include "http/server/server_h2.h"

/* The one field of that name; NULL: none, or several. */
static const struct header *only_field(const struct header_list *l, enum header_id id)
{
    const struct header *found = NULL;

    for (unsigned i = 0; i < l->n; i++) {
        if (l->fields[i].id != id)
            continue;
        if (found)
            return NULL;
        found = &l->fields[i];
    }
    return found;
}

/* What the client's SETTINGS are; false: it asks for something else, or not rightly. */
static bool read_settings(const struct request *r, struct buf *settings)
{
    const struct header *upgrade = only_field(&r->headers, HEADER_UPGRADE);
    const struct header *connection = only_field(&r->headers, HEADER_CONNECTION);
    const struct header *own = only_field(&r->headers, HEADER_HTTP2_SETTINGS);

    return upgrade && connection && own && header_has_token(upgrade->value, SLICE("h2c")) &&
           header_has_token(connection->value, SLICE("HTTP2-Settings")) &&
           encode_unbase64(settings, own->value, true);
}

bool server_h2_upgrade_try(struct server_conn *c, struct exchange *x)
{
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    struct request *r = &x->req;
    struct buf settings = BUF_EMPTY;
    bool is_possible = c->server->speaks_http2 && !r->is_tls && !r->has_unsized_body &&
                       r->content_length <= 0 && read_settings(r, &settings) &&
                       server_h2_upgrade(c, x, buf_slice(&settings));

    buf_free(&settings);
    if (!is_possible)
        return false;
    outq_add(&c->out, answer, sizeof(answer) - 1);
    x->bytes_sent = sizeof(answer) - 1;
    r->version_major = 2;
    r->version_minor = 0;
    (void)header_remove_id(&r->headers, HEADER_CONNECTION);
    (void)header_remove_id(&r->headers, HEADER_UPGRADE);
    (void)header_remove_id(&r->headers, HEADER_HTTP2_SETTINGS);
    return true;
}
