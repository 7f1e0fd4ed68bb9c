/* Heads of HTTP/2 (RFC 9113 section 8.3): pseudo-fields become the request line, :authority becomes
 * Host where there is none, crumbs of cookies become one field.
 *
 * What nghttp2 has refused before it comes here: names in capitals, fields that belong to a
 * connection, pseudo-fields that are unknown, repeated, missing or late, lengths that are not
 * numbers. Names arrive small, and known ones are not copied. */
#include "http/server/server_h2_head.h"

#include "base/num.h"
#include "proto/url.h"

static struct slice copy(struct server_h2_stream *st, struct slice s)
{
    char *p = pool_alloc(&st->x->pool, s.n);

    memcpy(p, s.p, s.n);
    return slice_of(p, s.n);
}

static bool take_pseudo(struct server_h2_stream *st, struct slice name, struct slice value)
{
    struct server_h2_head *h = &st->h2->head;
    struct request *r = &st->x->req;

    value = copy(st, value);
    switch (name.p[1]) {
    case 'm':
        r->method_token = value;
        r->method = method_parse(value);
        return true;
    case 's':
        h->scheme = value;
        return true;
    case 'a':
        h->authority = value;
        return true;
    default:
        if (slice_eq(name, SLICE(":path")))
            r->target = value;
        else
            r->protocol = value;
        return true;
    }
}

/* False: it may not be there. */
static bool take_known(struct server_h2_stream *st, enum header_id id, struct slice value)
{
    struct server_h2_head *h = &st->h2->head;
    struct request *r = &st->x->req;

    switch (id) {
    case HEADER_COOKIE:
        if (h->cookies.n)
            buf_add_lit(&h->cookies, "; ");
        buf_add_slice(&h->cookies, value);
        return true;
    case HEADER_CONTENT_LENGTH:
        if (!num_parse_u63(value, &r->content_length))
            return false;
        break;
    case HEADER_EXPECT:
        r->expects_continue = slice_ieq(value, SLICE("100-continue"));
        break;
    default:
        break;
    }
    header_add_id(&r->headers, &st->x->pool, id, copy(st, value));
    return true;
}

bool server_h2_head_on_field(void *user, void *stream, struct slice name, struct slice value)
{
    struct server_h2 *h2 = user;
    struct server_h2_stream *st = stream;
    enum header_id id = header_id(name);
    struct exchange *x = st->x;

    if (!x || x->state >= EXCHANGE_DONE)
        return true;
    if (st->s.in != H2_IN_HEAD) {
        if (header_can_trail(id, name))
            header_add(&x->req.trailers, &x->pool, copy(st, name), copy(st, value));
        return true;
    }
    if (name.p[0] == ':')
        return take_pseudo(st, name, value);
    if (x->req.headers.n >= h2->conn->server->settings->header_count) {
        h2->head.is_too_large = true;
        return true;
    }
    if (id)
        return take_known(st, id, value);
    header_add(&x->req.headers, &x->pool, copy(st, name), copy(st, value));
    return true;
}

/* What a log shows as the request line. */
static struct slice make_line(struct exchange *x)
{
    static const char version[] = " HTTP/2.0";
    struct request *r = &x->req;
    struct slice line = {NULL, r->method_token.n + 1 + r->target.n + sizeof(version) - 1};
    char *p = pool_alloc(&x->pool, line.n);

    line.p = p;
    memcpy(p, r->method_token.p, r->method_token.n);
    p += r->method_token.n;
    *p++ = ' ';
    memcpy(p, r->target.p, r->target.n);
    memcpy(p + r->target.n, version, sizeof(version) - 1);
    return line;
}

static bool is_same_host(struct slice authority, const struct header *host)
{
    return slice_ieq(authority, host->value);
}

/* 0, or a status. */
static int take_authority(struct server_h2_stream *st, const char **reason_out)
{
    struct slice authority = st->h2->head.authority;
    struct request *r = &st->x->req;
    const struct header *host = header_find_id(&r->headers, HEADER_HOST);

    if (!authority.p)
        return 0;
    if (host && !is_same_host(authority, host)) {
        *reason_out = "\":authority\" and \"Host\" differ";
        return 400;
    }
    if (!url_parse_host(authority, &r->host, &r->host_port)) {
        *reason_out = "invalid host";
        return 400;
    }
    if (!host)
        header_add_id(&r->headers, &st->x->pool, HEADER_HOST, authority);
    return 0;
}

int server_h2_head_finish(struct server_h2_stream *st, const char **reason_out)
{
    struct server_h2_head *h = &st->h2->head;
    struct exchange *x = st->x;
    struct request *r = &x->req;
    int status;

    if (r->method == METHOD_CONNECT && !r->protocol.n)
        r->target = h->authority; /* RFC 9113 section 8.5 */
    r->line = make_line(x);
    r->has_unsized_body =
        r->content_length < 0 && st->s.in != H2_IN_ENDED && r->method != METHOD_CONNECT;
    if (h->cookies.n)
        header_add_id(&r->headers, &x->pool, HEADER_COOKIE, copy(st, buf_slice(&h->cookies)));
    if (h->is_too_large) {
        *reason_out = "header fields are too large";
        return 431;
    }
    status = take_authority(st, reason_out);
    return status ? status : message_resolve(r, x->settings->has_connect, &x->pool, reason_out);
}
