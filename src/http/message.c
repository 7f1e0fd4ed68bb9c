/* From the request target and the Host field to what routing works with (RFC 9112 section 3.2, RFC
 * 9110 section 7.2).
 *
 * An absolute-form target wins over the Host field. A path is decoded and normalised once, here;
 * the raw form stays in `uri`. Nothing is copied where the bytes of the head can be used as they
 * are. */
#include "http/message.h"

#include <unistd.h>

#include "proto/url.h"

void chunk_drop(const struct chunk *c)
{
    if (c->fd >= 0 && c->owns_fd)
        (void)close(c->fd);
}

static int refuse(const char **reason_out, int status, const char *reason)
{
    *reason_out = reason;
    return status;
}

static bool has_capitals(struct slice s)
{
    bool has = false;

    for (size_t i = 0; i < s.n; i++)
        has |= (unsigned char)(s.p[i] - 'A') < 26;
    return has;
}

/* A host in small letters, without the dot of the root behind it. */
static struct slice canonical(struct slice s, struct pool *pool)
{
    if (s.n > 0 && s.p[s.n - 1] == '.')
        s.n--;
    return has_capitals(s) ? pool_lower(pool, s) : s;
}

/* The origin-form: the tail of the target, unless an absolute-form left the path out. */
static struct slice origin_form(struct slice target, const struct url_target *t, struct pool *pool)
{
    if (t->form != URL_ABSOLUTE)
        return target;
    if (t->path.p >= target.p && t->path.p <= target.p + target.n)
        return slice_from(target, (size_t)(t->path.p - target.p));
    if (!t->query.p)
        return SLICE("/");
    return pool_printf(pool, "/?" SLICE_FMT, SLICE_ARG(t->query));
}

/* A transport that has read the Host field says so by r->host. */
static int resolve_host(struct request *r, struct slice authority, struct pool *pool,
                        const char **reason_out)
{
    const struct header *host = NULL;
    struct slice name;

    if (LIKELY(r->host.p && !authority.n)) {
        r->host = canonical(r->host, pool);
        return 0;
    }

    for (unsigned i = 0; i < r->headers.n; i++) {
        if (LIKELY(r->headers.fields[i].id != HEADER_HOST))
            continue;
        if (host)
            return refuse(reason_out, 400, "duplicate host header");
        host = &r->headers.fields[i];
    }
    if (!host && (r->version_major > 1 || r->version_minor >= 1) && !authority.n)
        return refuse(reason_out, 400, "HTTP/1.1 request without \"Host\" header");
    r->host = SLICE_EMPTY;
    r->host_port = 0;
    if (!authority.n) {
        if (!host || !host->value.n)
            return 0;
        authority = host->value;
    }
    if (!url_parse_host(authority, &name, &r->host_port))
        return refuse(reason_out, 400, "invalid host");
    r->host = canonical(name, pool);
    return 0;
}

/* RFC 9110 section 7.4: an https resource is not given away on a connection that anybody reads, and
 * of other schemes we have none. */
static bool is_ours(const struct request *r, struct slice scheme)
{
    return slice_ieq(scheme, SLICE("http")) || (r->is_tls && slice_ieq(scheme, SLICE("https")));
}

/* RFC 9110 section 9.3.6: what follows the head are bytes of the tunnel, so a body that somebody
 * else could see there is refused. */
static int check_connect(const struct request *r, bool is_taken, const char **reason_out)
{
    if (!is_taken)
        return refuse(reason_out, 405, "CONNECT method");
    if (r->content_length > 0 || r->has_unsized_body)
        return refuse(reason_out, 400, "CONNECT with a body");
    return 0;
}

int message_resolve(struct request *r, bool takes_connect, struct pool *pool,
                    const char **reason_out)
{
    enum method method = r->protocol.n ? METHOD_GET : r->method; /* its target is a path */
    int status = method == METHOD_CONNECT ? check_connect(r, takes_connect, reason_out) : 0;
    struct url_target t;

    if (status)
        return status;
    if (!url_parse_target(r->target, method, &t))
        return refuse(reason_out, 400, "invalid request target");
    if (t.form == URL_ABSOLUTE && !is_ours(r, t.scheme))
        return refuse(reason_out, 421, "target of another scheme");
    r->uri = origin_form(r->target, &t, pool);
    r->query = t.query;
    if (t.form == URL_AUTHORITY)
        r->uri = r->path = SLICE("/");
    else if (t.form == URL_ASTERISK)
        r->path = SLICE("/"); /* about the whole server: routed to its root; `uri` stays "*" */
    else if (LIKELY(t.is_normal))
        r->path = t.path;
    else if (!url_normalise_path(t.path, true, pool, &r->path))
        return refuse(reason_out, 400, "invalid path");
    return resolve_host(r, t.authority, pool, reason_out);
}

void message_keep_slashes(struct request *r, struct pool *pool)
{
    struct slice rest = r->uri, raw = slice_cut(&rest, '?');

    if (memmem(raw.p, raw.n, "//", 2) || memchr(raw.p, '%', raw.n))
        url_normalise_path(raw, false, pool, &r->path);
}
