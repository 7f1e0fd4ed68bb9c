/* What a connection has read and not used yet, and the decoder of a body that is coming in. */
#include "http/server/server_conn_input.h"

#include "base/check.h"
#include "base/mem.h"

enum { BODIES_KEPT = 64 };

static struct mem_cache bodies =
    MEM_CACHE(struct http1_body, BODIES_KEPT); /* process-wide: shared by all servers */

static struct conn_reader reader; /* process-wide: the one read buffer */

struct slice server_conn_input(const struct server_conn *c)
{
    return conn_input_unread(&reader, &c->in);
}

void server_conn_consume(struct server_conn *c, size_t n)
{
    c->parsed = 0;
    conn_input_consume(&reader, &c->in, n);
}

ssize_t server_conn_read(struct server_conn *c, size_t most)
{
    ssize_t n = conn_input_read(&reader, &c->in, c->stream, most);

    if (n == 0)
        c->has_eof = true;
    return n;
}

struct http1_body *server_conn_add_body(struct server_conn *c)
{
    CHECK(!c->body);
    return c->body = mem_cache_take(&bodies);
}

void server_conn_drop_body(struct server_conn *c)
{
    if (!c->body)
        return;
    mem_cache_give(&bodies, c->body);
    c->body = NULL;
}

void server_conn_unread(struct server_conn *c, struct slice bytes)
{
    conn_input_add(&c->in, bytes);
}

void server_conn_settle_input(struct server_conn *c)
{
    conn_input_settle(&reader, &c->in);
}

void server_conn_drop_input(struct server_conn *c)
{
    conn_input_drop(&reader, &c->in);
}
