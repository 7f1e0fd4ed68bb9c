/* Where a directory without its slash is: the Location field and nothing else.
 *
 * The path comes from the client. Without scheme and host before it a path that begins with two
 * slashes (or '/' and '\', which browsers read alike) would name another host, so such a path is
 * cut to one. */
#include "app/files/static_redirect.h"

#include "app/conf.h"
#include "app/phases.h"
#include "base/encode.h"

static void add_host(struct visit *v, struct buf *out)
{
    const struct request *req = &v->x->req;
    const struct addr *local = exchange_local(v->x);

    if (v->loc->is_name_in_redirect && v->vhost->n_names > 0 && v->vhost->names[0].n > 0)
        buf_add_slice(out, v->vhost->names[0]);
    else if (req->host.n > 0)
        buf_add_slice(out, req->host);
    else if (local)
        addr_format_host(local, out);
}

static struct slice origin_of(struct visit *v)
{
    const struct addr *local = exchange_local(v->x);
    bool is_tls = v->x->req.is_tls;
    int port = local ? addr_port(local) : 0;
    struct buf out = BUF_EMPTY;
    struct slice origin;

    buf_add_slice(&out, is_tls ? SLICE("https://") : SLICE("http://"));
    add_host(v, &out);
    if (v->loc->is_port_in_redirect && port > 0 && port != (is_tls ? 443 : 80)) {
        buf_add_char(&out, ':');
        buf_add_int(&out, port);
    }
    origin = pool_dup(visit_pool(v), buf_slice(&out));
    buf_free(&out);
    return origin;
}

static bool is_completed(const struct visit *v)
{
    return v->loc->is_redirect_absolute && !v->parent;
}

void static_redirect_complete(struct visit *v, struct header *location)
{
    if (!slice_has_prefix(location->value, SLICE("/")) || !is_completed(v))
        return;
    location->marks |= HEADER_LOCAL;
    v->x->res.origin = origin_of(v);
}

void static_redirect_set_location(struct visit *v, struct slice target)
{
    struct header_list *l = &v->x->res.headers;

    header_set_id(l, visit_pool(v), HEADER_LOCATION, target);
    static_redirect_complete(v, header_find_id(l, HEADER_LOCATION));
}

/* `path` from behind all the slashes, of either kind, that it begins with. */
static struct slice skip_slashes(struct slice path)
{
    while (path.n > 0 && (path.p[0] == '/' || path.p[0] == '\\'))
        path = slice_from(path, 1);
    return path;
}

enum step_result static_redirect_to_dir(struct visit *v)
{
    const struct request *req = &v->x->req;
    struct buf out = BUF_EMPTY;

    if (is_completed(v)) {
        encode_percent(&out, req->path, ENCODE_PATH);
    } else {
        buf_add_char(&out, '/');
        encode_percent(&out, skip_slashes(req->path), ENCODE_PATH);
    }
    buf_add_char(&out, '/');
    if (req->query.p && req->query.n > 0) {
        buf_add_char(&out, '?');
        buf_add_slice(&out, req->query);
    }
    static_redirect_set_location(v, pool_dup(visit_pool(v), buf_slice(&out)));
    buf_free(&out);
    return phases_finish_status(v, 301);
}
